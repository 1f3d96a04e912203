"""Counting day: sheets with what was really found on the shelves."""

from __future__ import annotations

from datetime import date
from typing import Any

from ..errors import BadRequest
from ..store import store
from ..telemetry import handler


@handler
def parse_count_date(text: str) -> dict[str, Any]:
    """Reads the day from the head of a count sheet.

    Args:
        text: The day, as an ISO date.

    Returns:
        The day, and its weekday (Monday is 0).

    Raises:
        BadRequest: If it is no date.
    """
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise BadRequest(f"no date: {text!r}") from None
    return {"date": day.isoformat(), "weekday": day.weekday()}


@handler
def parse_count_line(line: str) -> dict[str, Any]:
    """Reads one line of a count sheet, like `OATS-1; 1398`.

    Args:
        line: The line as the scanner wrote it.

    Returns:
        The `sku`, and how many were `counted`.

    Raises:
        BadRequest: If the line can't be read.
    """
    parts = line.split(";")
    if len(parts) != 2:
        raise BadRequest(f"not `sku; counted`: {line!r}")
    sku = parts[0].strip().upper()
    counted = int(parts[1])
    if counted < 0:
        raise BadRequest(f"less than nothing: {line!r}")
    return {"sku": sku, "counted": counted}


@handler
def apply_count(sku: str, counted: int) -> dict[str, Any]:
    """Makes the books say what was counted.

    Args:
        sku: The item's number.
        counted: How many were found.

    Returns:
        The new `on_hand`, and by how much the books were wrong.

    Raises:
        NotFound: If there is no such item.
    """
    item = store.item(sku)
    difference = counted - item.on_hand
    if difference:
        store.move(item, difference, "counted")
    return {"sku": sku, "on_hand": item.on_hand, "difference": difference}


@handler
def read_sheet(day: str, lines: list[str]) -> dict[str, Any]:
    """Reads a whole count sheet; nothing is booked yet.

    Args:
        day: When it was counted, as an ISO date.
        lines: The sheet's lines; a heading, empty ones and those that begin with `#` say nothing.

    Returns:
        The date, and the read lines in `counts`.

    Raises:
        BadRequest: If the day or a line can't be read.
    """
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise BadRequest("lines must be a list of texts")
    if lines and lines[0].lower().startswith("sku;"):
        lines.pop(0)
    counts = [parse_count_line(line) for line in lines if line.strip() and not line.startswith("#")]
    return {"date": parse_count_date(day)["date"], "counts": counts}
