import pytest

from inventory.errors import BadRequest, NotFound
from inventory.handlers.items import get_item, list_items, search_items


def test_items_of_a_category_come_by_name():
    listed = list_items(category="food")
    assert listed["total"] == 2
    assert [item["sku"] for item in listed["items"]] == ["HONEY-3", "OATS-1"]


def test_a_page_holds_five_items():
    assert len(list_items()["items"]) == 5
    assert len(list_items(page="2")["items"]) == 2
    assert list_items(page="3")["items"] == []


@pytest.mark.parametrize("page", ["0", "-1", "one", "", "1.5"])
def test_a_page_that_is_no_positive_number_is_refused(page):
    with pytest.raises(BadRequest):
        list_items(page=page)


def test_an_item_is_shown_with_its_price():
    item = get_item("LAMP-2")
    assert item == {
        "sku": "LAMP-2",
        "name": "Storm lantern",
        "category": "hardware",
        "available": 210,
        "unit_cents": 2450,
    }


def test_an_unknown_item_is_not_found():
    with pytest.raises(NotFound, match="no item TENT-1"):
        get_item("TENT-1")


def test_search_wants_every_word():
    assert [item["sku"] for item in search_items(text="ROPE hemp")["items"]] == ["ROPE-8"]
    assert search_items(text="hemp honey")["items"] == []
    assert search_items()["items"] == []
