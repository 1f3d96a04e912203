"""What is on hand, and what moves it."""

from __future__ import annotations

from typing import Any

from ..errors import BadRequest, Conflict
from ..store import store
from ..telemetry import handler

MOST = 10_000


def check_quantity(quantity: Any) -> int:
    """A quantity that somebody sent.

    Raises:
        BadRequest: If it is no whole number from 1 to `MOST`.
    """
    if not isinstance(quantity, int) or isinstance(quantity, bool) or not 1 <= quantity <= MOST:
        raise BadRequest(f"quantity must be a whole number from 1 to {MOST}")
    return quantity


@handler
def stock_level(sku: str) -> dict[str, Any]:
    """What is on hand, reserved and available of an item."""
    item = store.item(sku)
    return {"sku": sku, "on_hand": item.on_hand, "reserved": item.reserved, "available": item.available}


@handler
def receive_stock(sku: str, quantity: int, lot: str = "", expires: str = "") -> dict[str, Any]:
    """Takes goods in.

    Args:
        sku: The item's number.
        quantity: How many came.
        lot: The lot's name, for items that have lots.
        expires: Until when the lot is good, as an ISO date.

    Returns:
        The new `on_hand`, and the number of the movement.

    Raises:
        BadRequest: If the quantity is out of range, or a lot has no date.
        NotFound: If there is no such item.
    """
    count = check_quantity(quantity)
    item = store.item(sku)
    if lot:
        if not expires:
            raise BadRequest(f"lot {lot} needs a date")
        item.lots.append({"lot": lot, "expires": expires, "quantity": count})
    movement = store.move(item, count, "received")
    return {"sku": sku, "on_hand": item.on_hand, "movement": movement.number}


@handler
def reserve_stock(sku: str, quantity: int) -> dict[str, Any]:
    """Promises goods to an order.

    Args:
        sku: The item's number.
        quantity: How many to promise.

    Returns:
        What is reserved and still available.

    Raises:
        BadRequest: If the quantity is out of range.
        Conflict: If not so many are available.
        NotFound: If there is no such item.
    """
    count = check_quantity(quantity)
    item = store.item(sku)
    if count > item.available:
        raise Conflict(f"only {item.available} of {sku} available")
    item.reserved += count
    return {"sku": sku, "reserved": item.reserved, "available": item.available}


@handler
def issue_stock(sku: str, quantity: int) -> dict[str, Any]:
    """Hands reserved goods to the carrier.

    Args:
        sku: The item's number.
        amount: How many leave.

    Returns:
        The new `on_hand`, and the number of the movement.

    Raises:
        BadRequest: If the quantity is out of range.
        Conflict: If not so many were reserved.
        NotFound: If there is no such item.
    """
    count = check_quantity(quantity)
    item = store.item(sku)
    if count > item.reserved:
        raise Conflict(f"only {item.reserved} of {sku} reserved")
    item.reserved -= count
    movement = store.move(item, -count, "issued")
    return {"sku": sku, "on_hand": item.on_hand, "movement": movement.number}


@handler
def list_movements(sku: str, limit: int = 10) -> dict[str, Any]:
    """The last movements of an item, newest first."""
    item = store.item(sku)
    found = [movement for movement in reversed(store.movements) if movement.sku == item.sku]
    shown = [{"number": each.number, "quantity": each.quantity, "reason": each.reason} for each in found[:limit]]
    return {"sku": sku, "movements": shown}


@handler
def stock_value() -> dict[str, Any]:
    """What the whole warehouse is worth, by category."""
    cents: dict[str, int] = {}
    for item in store.items.values():
        cents[item.category] = cents.get(item.category, 0) + item.on_hand * item.unit_cents
    return {"cents": sum(cents.values()), "by_category": cents}
