"""Routes: what comes in over HTTP, and which handlers it runs in which order."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterable
from typing import Any, Callable
from urllib.parse import parse_qsl

from . import telemetry
from .errors import BadRequest, InventoryError, NotFound, TooLarge
from .handlers import counts, deliveries, forecast, items, lots, pallets, stock, suppliers
from .store import store

log = logging.getLogger(__name__)

MAX_BODY = 64 * 1024
REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    409: "Conflict",
    413: "Content Too Large",
    500: "Internal Server Error",
}

Input = dict[str, Any]


def number(text: Any, name: str) -> int:
    """A whole number out of a query string.

    Raises:
        BadRequest: If it is none.
    """
    try:
        return int(text)
    except (TypeError, ValueError):
        raise BadRequest(f"{name} is no number: {text!r}") from None


def needed(given: Input, name: str) -> Any:
    """A field that must be there.

    Raises:
        BadRequest: If it is not.
    """
    if name not in given:
        raise BadRequest(f"{name} is missing")
    return given[name]


def text(given: Input, name: str) -> str:
    """A field that must be there, and must be text.

    Raises:
        BadRequest: If it is not.
    """
    value = needed(given, name)
    if not isinstance(value, str):
        raise BadRequest(f"{name} must be text")
    return value


def list_items(given: Input) -> Any:
    return items.list_items(category=given.get("category"), page=given.get("page", "1"))


def receive(given: Input) -> Any:
    return stock.receive_stock(
        sku=given["sku"],
        quantity=needed(given, "quantity"),
        lot=given.get("lot", ""),
        expires=given.get("expires", ""),
    )


def cover(given: Input) -> Any:
    history = forecast.sales_history(given["sku"], days=number(given.get("days", 7), "days"))
    level = stock.stock_level(given["sku"])
    return {"sku": given["sku"], **forecast.days_of_cover(level["available"], history["sold"])}


def stack(given: Input) -> Any:
    return pallets.stack_pallets(number(needed(given, "quantity"), "quantity"), number(given.get("per_layer", 8), "per_layer"))


def next_lot(given: Input) -> Any:
    return lots.earliest_lot(lots.list_lots(given["sku"])["lots"])


def count(given: Input) -> Any:
    sheet = counts.read_sheet(day=text(given, "day"), lines=needed(given, "lines"))
    return {"date": sheet["date"], "items": [counts.apply_count(**line) for line in sheet["counts"]]}


# The order of these calls is documented in docs/sequences/replenish.yaml.
def replenish(given: Input) -> Any:
    sku = given["sku"]
    level = stock.stock_level(sku)
    history = forecast.sales_history(sku)
    wanted = forecast.reorder_quantity(level["available"], history["sold"])
    item = items.get_item(sku)
    supplier_id = given.get("supplier") or store.item(sku).supplier_id or ""
    quantity = wanted["quantity"] or stock.check_quantity(given.get("minimum", 1))
    cost = suppliers.purchase_cost(supplier_id=supplier_id, quantity=quantity, unit_cents=item["unit_cents"])
    return suppliers.place_purchase(
        supplier_id=supplier_id, sku=sku, quantity=quantity, total_cents=cost["total_cents"]
    )


# The order of these calls is documented in docs/sequences/dispatch.yaml.
async def dispatch(given: Input) -> Any:
    order_id, sku = text(given, "order_id"), text(given, "sku")
    quantity = stock.check_quantity(needed(given, "quantity"))
    quote = await deliveries.quote_delivery(postcode=text(given, "postcode"))
    stock.reserve_stock(sku=sku, quantity=quantity)
    picks = lots.split_pick(lots.list_lots(sku)["lots"], quantity)
    if given.get("fragile") is True:
        issued = stock.issue_stock(sku=sku, quantity=quantity)
        booking = await deliveries.book_delivery(order_id=order_id, parcels=len(picks["picks"]), express=False)
    else:
        booking = await deliveries.book_delivery(order_id=order_id, parcels=1, express=given.get("express") is True)
        issued = stock.issue_stock(sku=sku, quantity=quantity)
    return {**booking, **picks, "cents": quote["cents"], "on_hand": issued["on_hand"]}


#: Method, route, what it runs; `:name` in a route becomes an entry of the input.
ROUTES: list[tuple[str, str, Callable[[Input], Any]]] = [
    ("GET", "/items", list_items),
    ("GET", "/items/:sku", lambda given: items.get_item(given["sku"])),
    ("GET", "/search", lambda given: items.search_items(text=given.get("text", ""))),
    ("GET", "/items/:sku/stock", lambda given: stock.stock_level(given["sku"])),
    ("POST", "/items/:sku/stock", receive),
    ("GET", "/items/:sku/movements", lambda given: stock.list_movements(given["sku"])),
    ("GET", "/items/:sku/lots", lambda given: lots.list_lots(given["sku"])),
    ("GET", "/items/:sku/next-lot", next_lot),
    ("GET", "/items/:sku/cover", cover),
    ("GET", "/items/:sku/contact", lambda given: suppliers.supplier_contact(sku=given["sku"])),
    ("POST", "/items/:sku/replenish", replenish),
    ("GET", "/suppliers/:supplier_id", lambda given: suppliers.get_supplier(supplier_id=given["supplier_id"])),
    ("POST", "/counts", count),
    ("POST", "/dispatches", dispatch),
    ("GET", "/deliveries/:reference", lambda given: deliveries.track_delivery(reference=given["reference"])),
    ("GET", "/pallets", stack),
    ("GET", "/reports/cover", lambda given: forecast.cover_report(category=given.get("category"))),
    ("GET", "/reports/value", lambda given: stock.stock_value()),
    ("GET", "/reports/expired", lambda given: lots.expired_lots(today=text(given, "today"))),
]


def _pattern(route: str) -> re.Pattern[str]:
    return re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", route))


TABLE = [(method, route, _pattern(route), run) for method, route, run in ROUTES]


def _body(environ: dict[str, Any]) -> Input:
    size = number(environ.get("CONTENT_LENGTH") or 0, "content-length")
    if size > MAX_BODY:
        raise TooLarge("body too large")
    if size <= 0:
        return {}
    try:
        body = json.loads(environ["wsgi.input"].read(size))
    except ValueError:
        raise BadRequest("the body is not JSON") from None
    if not isinstance(body, dict):
        raise BadRequest("the body is no JSON object")
    return body


def _answer(environ: dict[str, Any]) -> Any:
    method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
    matches = ((route, pattern.fullmatch(path), run) for known, route, pattern, run in TABLE if known == method)
    route, match, run = next((found for found in matches if found[1]), ("unknown", None, None))
    with telemetry.request(method, route) as span:
        try:
            if match is None or run is None:
                raise NotFound("no such page")
            given = {**dict(parse_qsl(environ.get("QUERY_STRING", ""))), **_body(environ), **match.groupdict()}
            result = run(given)
            status, body = 200, asyncio.run(result) if asyncio.iscoroutine(result) else result
        except InventoryError as refusal:
            status, body = refusal.status, {"error": str(refusal)}
        except Exception:
            _status(span, 500)
            raise
        _status(span, status)
        return status, body


def _status(span: Any, status: int) -> None:
    if span is not None:
        span.set_attribute("http.response.status_code", status)


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The service as a WSGI application."""
    try:
        status, body = _answer(environ)
    except Exception:
        # With telemetry, the trace tells what was thrown.
        log.error("%s %s failed", environ["REQUEST_METHOD"], environ.get("PATH_INFO"), exc_info=not telemetry.is_on())
        status, body = 500, {"error": "something went wrong on our side"}
    content = json.dumps(body, ensure_ascii=False).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
    start_response(f"{status} {REASONS[status]}", headers)
    return [content]
