import pytest

from inventory.errors import BadRequest, Conflict
from inventory.handlers.stock import (
    issue_stock,
    list_movements,
    receive_stock,
    reserve_stock,
    stock_level,
    stock_value,
)


def test_received_goods_are_on_hand():
    assert receive_stock("ROPE-8", 10) == {"sku": "ROPE-8", "on_hand": 350, "movement": 1}
    assert stock_level("ROPE-8")["available"] == 350


def test_a_lot_needs_a_date():
    with pytest.raises(BadRequest, match="lot N-130 needs a date"):
        receive_stock("OATS-1", 10, lot="N-130")


@pytest.mark.parametrize("quantity", [0, -1, 1.5, 10_001, "2", True, None])
def test_a_quantity_out_of_range_is_refused(quantity):
    with pytest.raises(BadRequest):
        reserve_stock("OATS-1", quantity)


def test_goods_are_promised_once():
    assert reserve_stock("LAMP-2", 200) == {"sku": "LAMP-2", "reserved": 200, "available": 10}
    with pytest.raises(Conflict, match="only 10 of LAMP-2 available"):
        reserve_stock("LAMP-2", 11)


def test_only_reserved_goods_leave():
    with pytest.raises(Conflict):
        issue_stock("LAMP-2", 1)
    reserve_stock("LAMP-2", 3)
    assert issue_stock("LAMP-2", 2) == {"sku": "LAMP-2", "on_hand": 208, "movement": 1}
    assert stock_level("LAMP-2") == {"sku": "LAMP-2", "on_hand": 208, "reserved": 1, "available": 207}


def test_the_newest_movement_comes_first():
    receive_stock("LAMP-2", 5)
    receive_stock("ROPE-8", 5)
    receive_stock("LAMP-2", 7)
    assert [movement["quantity"] for movement in list_movements("LAMP-2")["movements"]] == [7, 5]


def test_the_value_is_summed_by_category():
    before = stock_value()
    receive_stock("LAMP-2", 10)
    after = stock_value()
    assert after["by_category"]["hardware"] - before["by_category"]["hardware"] == 24500
    assert after["cents"] == sum(after["by_category"].values())
