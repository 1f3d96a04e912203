import pytest

from inventory.errors import BadRequest, NotFound
from inventory.handlers.counts import apply_count, parse_count_date, parse_count_line, read_sheet


def test_a_line_is_read():
    assert parse_count_line("oats-1; 1398") == {"sku": "OATS-1", "counted": 1398}


@pytest.mark.parametrize("line", ["OATS-1", "OATS-1;1;2", "OATS-1;-3"])
def test_a_line_that_makes_no_sense_is_refused(line):
    with pytest.raises(BadRequest):
        parse_count_line(line)


def test_a_day_is_read():
    assert parse_count_date(" 2026-11-24 ") == {"date": "2026-11-24", "weekday": 1}
    with pytest.raises(BadRequest, match="no date: '24.11.'"):
        parse_count_date("24.11.")


def test_comments_and_empty_lines_of_a_sheet_say_nothing():
    sheet = read_sheet("2026-11-24", ["# aisle 3", "", "ROPE-8;338", "LAMP-2;210"])
    assert sheet["counts"] == [{"sku": "ROPE-8", "counted": 338}, {"sku": "LAMP-2", "counted": 210}]


def test_lines_that_are_no_texts_are_refused():
    with pytest.raises(BadRequest, match="list of texts"):
        read_sheet("2026-11-24", [1])


def test_the_books_say_what_was_counted():
    assert apply_count("ROPE-8", 338) == {"sku": "ROPE-8", "on_hand": 338, "difference": -2}
    assert apply_count("ROPE-8", 338)["difference"] == 0
    with pytest.raises(NotFound):
        apply_count("TENT-1", 1)
