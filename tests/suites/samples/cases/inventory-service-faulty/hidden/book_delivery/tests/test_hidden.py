import asyncio

from inventory.handlers.deliveries import book_delivery


def test_an_express_delivery_is_booked():
    booked = asyncio.run(book_delivery(order_id="o-1", parcels=1, express=True))
    assert booked["order_id"] == "o-1"
    assert booked["reference"] and booked["window"]
