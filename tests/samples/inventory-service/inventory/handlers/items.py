"""The range: which items there are."""

from __future__ import annotations

from typing import Any

from ..errors import BadRequest
from ..store import Item, store
from ..telemetry import handler

PAGE = 5


def summary(item: Item) -> dict[str, Any]:
    """An item as lists show it."""
    return {"sku": item.sku, "name": item.name, "category": item.category, "available": item.available}


@handler
def get_item(sku: str) -> dict[str, Any]:
    """One item with its price.

    Args:
        sku: The item's number.

    Returns:
        The item's summary, and its `unit_cents`.

    Raises:
        NotFound: If there is no such item.
    """
    item = store.item(sku)
    return {**summary(item), "unit_cents": item.unit_cents}


@handler
def list_items(category: str | None = None, page: str = "1") -> dict[str, Any]:
    """A page of the range, by name.

    Args:
        category: Only items of this category.
        page: The page's number, as it stands in the query.

    Returns:
        How many items there are in `total`, and those of the page in `items`.

    Raises:
        BadRequest: If the page is no positive number.
    """
    try:
        number = int(page)
    except ValueError:
        raise BadRequest(f"page is no number: {page!r}") from None
    if number < 1:
        raise BadRequest("pages start at 1")
    found = [item for item in store.items.values() if category is None or item.category == category]
    found.sort(key=lambda item: item.name)
    start = (number - 1) * PAGE
    return {"total": len(found), "items": [summary(item) for item in found[start : start + PAGE]]}


@handler
def search_items(text: str = "") -> dict[str, Any]:
    """Items whose name has every word of the text.

    Args:
        text: The words, in any case and order.

    Returns:
        The items in `items`; none without words.
    """
    words = []
    for word in text.lower().split():
        if word not in words:
            words.append(word)
    found = [item for item in store.items.values() if words and all(word in item.name.lower() for word in words)]
    return {"items": [summary(item) for item in found]}
