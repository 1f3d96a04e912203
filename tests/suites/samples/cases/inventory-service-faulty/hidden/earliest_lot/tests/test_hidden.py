import pytest

from inventory.errors import Conflict
from inventory.handlers.lots import earliest_lot


@pytest.mark.parametrize("lots", [[], [{"lot": "A", "expires": "2027-01-01", "quantity": 0}]])
def test_without_lots_there_is_a_conflict(lots):
    with pytest.raises(Conflict):
        earliest_lot(lots=lots)
