"""How long the stock lasts, and when to buy."""

from __future__ import annotations

import math
from typing import Any

from ..errors import BadRequest
from ..store import store
from ..telemetry import handler

#: For how many days of sales a purchase should last.
HORIZON = 28


@handler
def sales_history(sku: str, days: int = 7) -> dict[str, Any]:
    """What was sold of an item on its last days, the oldest first.

    Args:
        sku: The item's number.
        days: How many days at most; a new item has fewer.

    Returns:
        Pieces a day in `sold`.

    Raises:
        BadRequest: If the days are out of range.
        NotFound: If there is no such item.
    """
    if not 1 <= days <= 90:
        raise BadRequest("days must be from 1 to 90")
    return {"sku": sku, "sold": store.item(sku).sales[-days:]}


@handler
def days_of_cover(on_hand: int, sold: list[int]) -> dict[str, Any]:
    """For how many days the stock lasts at the pace of the last days.

    Args:
        on_hand: How many there are.
        sold: Pieces sold a day.

    Returns:
        Whole `days`; None if nothing sells.
    """
    pace = sum(sold) / len(sold)
    if pace == 0:
        return {"days": None}
    return {"days": math.floor(on_hand / pace)}


@handler
def reorder_quantity(on_hand: int, sold: list[int]) -> dict[str, Any]:
    """How many to buy so that the stock lasts for the horizon.

    Args:
        on_hand: How many there are.
        sold: Pieces sold a day.

    Returns:
        The `quantity`; 0 if there is enough, or nothing is known of the sales.
    """
    if not sold:
        return {"quantity": 0}
    wanted = math.ceil(HORIZON * sum(sold) / len(sold))
    return {"quantity": max(0, wanted - on_hand)}


@handler
def cover_report(category: str | None = None) -> dict[str, Any]:
    """The days of cover of every item, the shortest first.

    Args:
        category: Only items of this category.

    Returns:
        Items with their `days` in `items`; those that don't sell come last.
    """
    rows = []
    for item in store.items.values():
        if category is None or item.category == category:
            rows.append({"sku": item.sku, **days_of_cover(item.available, item.sales)})
    rows.sort(key=lambda row: (row["days"] is None, row["days"], row["sku"]))
    return {"items": rows}
