"""Getting goods to whoever ordered them."""

from __future__ import annotations

from typing import Any

from .. import carrier
from ..errors import BadRequest
from ..telemetry import handler

MOST_PARCELS = 20


@handler
async def quote_delivery(postcode: str, parcels: int = 1) -> dict[str, Any]:
    """What a delivery costs.

    Args:
        postcode: Where to, four digits.
        parcels: How many parcels.

    Returns:
        The carrier's zone and price.

    Raises:
        BadRequest: If that is no postcode, or no number of parcels.
    """
    if len(postcode) != 4 or not postcode.isdigit():
        raise BadRequest(f"no postcode: {postcode!r}")
    if not 1 <= parcels <= MOST_PARCELS:
        raise BadRequest(f"parcels must be from 1 to {MOST_PARCELS}")
    return await carrier.price(postcode=postcode, parcels=parcels)


@handler
async def book_delivery(order_id: str, parcels: int = 1, express: bool = False) -> dict[str, Any]:
    """Books a pick-up with the carrier.

    Args:
        order_id: The order that the parcels belong to.
        parcels: How many parcels.
        express: Whether they must arrive the next day.

    Returns:
        The carrier's reference, and when it comes.

    Raises:
        BadRequest: If that is no number of parcels.
    """
    if not 1 <= parcels <= MOST_PARCELS:
        raise BadRequest(f"parcels must be from 1 to {MOST_PARCELS}")
    if express:
        slot = carrier.express_slot(parcels=parcels)
    else:
        slot = await carrier.next_slot(parcels=parcels)
    booking = await carrier.book(order_id=order_id, slot_id=slot["id"])
    return {"order_id": order_id, "reference": booking["reference"], "window": slot["window"]}


@handler
async def track_delivery(reference: str) -> dict[str, Any]:
    """Where a delivery is.

    Args:
        reference: The carrier's reference.

    Returns:
        Its status.

    Raises:
        NotFound: If the carrier knows no such reference.
    """
    return {"reference": reference, "status": await carrier.status(reference)}
