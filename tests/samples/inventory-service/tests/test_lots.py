import pytest

from inventory.errors import BadRequest, Conflict
from inventory.handlers.lots import earliest_lot, expired_lots, list_lots, split_pick

LOTS = [
    {"lot": "B", "expires": "2027-05-01", "quantity": 4},
    {"lot": "A", "expires": "2027-02-01", "quantity": 3},
]


def test_the_earliest_lot_is_picked():
    assert earliest_lot(LOTS) == {"lot": "A", "expires": "2027-02-01"}


def test_a_pick_is_split_over_lots():
    assert split_pick(LOTS, 5) == {"picks": [{"lot": "A", "quantity": 3}, {"lot": "B", "quantity": 2}]}
    assert split_pick([], 5) == {"picks": []}


def test_lots_that_hold_too_little_are_refused():
    with pytest.raises(Conflict, match="the lots hold only 7 of 8"):
        split_pick(LOTS, 8)


def test_the_lots_of_an_item_are_listed():
    assert [lot["lot"] for lot in list_lots("OATS-1")["lots"]] == ["N-118", "N-104"]
    assert list_lots("ROPE-8")["lots"] == []


def test_lots_that_are_over_are_named():
    assert expired_lots("2027-02-01")["lots"] == [{"sku": "OATS-1", "lot": "N-104", "expires": "2027-01-15"}]
    with pytest.raises(BadRequest, match="no date: 'soon'"):
        expired_lots("soon")
