import pytest

from inventory.errors import BadRequest
from inventory.handlers.forecast import cover_report, days_of_cover, reorder_quantity, sales_history


def test_cover_is_counted_in_whole_days():
    assert days_of_cover(100, [3, 4, 5]) == {"days": 25}
    assert days_of_cover(99, [3, 4, 5]) == {"days": 24}


def test_what_does_not_sell_lasts_for_ever():
    assert days_of_cover(100, [0, 0]) == {"days": None}


def test_a_purchase_lasts_for_the_horizon():
    assert reorder_quantity(10, [1, 2, 0]) == {"quantity": 18}
    assert reorder_quantity(1000, [1, 2, 0]) == {"quantity": 0}
    assert reorder_quantity(0, []) == {"quantity": 0}


def test_the_history_ends_today():
    assert sales_history("OATS-1", days=2)["sold"] == [41, 12]
    with pytest.raises(BadRequest):
        sales_history("OATS-1", days=0)


def test_the_shortest_cover_comes_first():
    rows = cover_report(category="hardware")["items"]
    assert rows == [
        {"sku": "LAMP-2", "days": 122},
        {"sku": "ROPE-8", "days": 297},
        {"sku": "FLAG-1", "days": None},
    ]
