import pytest

from inventory.errors import BadRequest
from inventory.handlers.counts import parse_count_line


@pytest.mark.parametrize("line", ["rope-8; 310 pcs", "rope-8;", "rope-8; many"])
def test_a_line_without_a_number_is_refused(line):
    with pytest.raises(BadRequest):
        parse_count_line(line=line)


def test_a_line_with_one_is_read():
    assert parse_count_line(line="oats-1; 7") == {"sku": "OATS-1", "counted": 7}
