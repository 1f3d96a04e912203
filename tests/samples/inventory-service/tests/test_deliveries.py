import asyncio

import pytest

from inventory.errors import BadRequest, NotFound
from inventory.handlers.deliveries import book_delivery, quote_delivery, track_delivery


def test_the_price_depends_on_the_zone():
    assert asyncio.run(quote_delivery("5003", parcels=2)) == {"zone": "west", "cents": 1900}
    assert asyncio.run(quote_delivery("9010"))["zone"] == "north"


@pytest.mark.parametrize("postcode", ["", "500", "50031", "N-50"])
def test_what_is_no_postcode_is_refused(postcode):
    with pytest.raises(BadRequest, match="no postcode"):
        asyncio.run(quote_delivery(postcode))


def test_a_pick_up_is_booked():
    booked = asyncio.run(book_delivery(order_id="o-17", parcels=2))
    assert booked == {"order_id": "o-17", "reference": "R02-o-17", "window": "14:00-18:00"}


def test_too_many_parcels_are_refused():
    with pytest.raises(BadRequest):
        asyncio.run(book_delivery(order_id="o-17", parcels=21))


def test_a_booked_delivery_is_tracked():
    assert asyncio.run(track_delivery("R02-o-17")) == {"reference": "R02-o-17", "status": "booked"}
    with pytest.raises(NotFound):
        asyncio.run(track_delivery("nothing"))
