"""Lots: goods of one item that expire together."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from ..errors import BadRequest, Conflict
from ..store import store
from ..telemetry import handler


@handler
def list_lots(sku: str) -> dict[str, Any]:
    """The lots of an item, as they came in."""
    item = store.item(sku)
    return {"sku": sku, "lots": [dict(lot) for lot in item.lots]}


@handler
def earliest_lot(lots: list[dict[str, Any]]) -> dict[str, Any]:
    """Picks the lot that expires first, so that nothing spoils on the shelf.

    Args:
        lots: Lots with `lot`, `expires` and `quantity`.

    Returns:
        The lot's name and date.

    Raises:
        Conflict: If no lot is left.
    """
    by_date = sorted((lot for lot in lots if lot["quantity"] > 0), key=itemgetter("expires"))
    first = by_date[0]
    return {"lot": first["lot"], "expires": first["expires"]}


@handler
def split_pick(lots: list[dict[str, Any]], quantity: int) -> dict[str, Any]:
    """Says how many to take from which lot, the earliest first.

    Args:
        lots: Lots with `lot`, `expires` and `quantity`.
        quantity: How many are wanted.

    Returns:
        Pairs of lot and quantity in `picks`; an item without lots is picked from the shelf, without any.

    Raises:
        Conflict: If the lots don't hold so many.
    """
    if not lots:
        return {"picks": []}
    left = quantity
    picks = []
    for lot in sorted(lots, key=itemgetter("expires")):
        take = min(left, lot["quantity"])
        if take:
            picks.append({"lot": lot["lot"], "quantity": take})
            left -= take
    if left:
        raise Conflict(f"the lots hold only {quantity - left} of {quantity}")
    return {"picks": picks}


@handler
def expired_lots(today: str) -> dict[str, Any]:
    """Lots that must not be sold any more.

    Args:
        today: The day to look at, as an ISO date.

    Returns:
        The lots with their item in `lots`, the oldest first.

    Raises:
        BadRequest: If the day is no date.
    """
    try:
        day = date.fromisoformat(today)
    except ValueError:
        raise BadRequest(f"no date: {today!r}") from None
    found = []
    for item in store.items.values():
        for lot in item.lots:
            if date.fromisoformat(lot["expires"]) < day:
                found.append({"sku": item.sku, "lot": lot["lot"], "expires": lot["expires"]})
    return {"lots": sorted(found, key=itemgetter("expires"))}
