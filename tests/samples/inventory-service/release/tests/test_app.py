import io
import json

from inventory import telemetry
from inventory.app import app


def ask(method, path, body=None, query=""):
    """Calls the application without a socket, so that it also works where there is no network at all."""
    content = b"" if body is None else body.encode()
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.input": io.BytesIO(content),
    }
    seen = []
    answer = b"".join(app(environ, lambda status, headers: seen.append(status)))
    return int(seen[0].split()[0]), json.loads(answer)


def test_an_order_leaves_the_house():
    order = {"order_id": "o-1", "sku": "OATS-1", "quantity": 600, "postcode": "5003"}
    status, answer = ask("POST", "/dispatches", json.dumps(order))
    assert status == 200
    assert answer["picks"] == [{"lot": "N-104", "quantity": 500}, {"lot": "N-118", "quantity": 100}]
    assert answer["on_hand"] == 800
    assert ask("GET", "/items/OATS-1/movements")[1]["movements"][0]["reason"] == "issued"


def test_fragile_goods_leave_the_house():
    order = {"order_id": "o-2", "sku": "HONEY-3", "quantity": 2, "postcode": "5003", "fragile": True}
    status, answer = ask("POST", "/dispatches", json.dumps(order))
    assert status == 200
    assert answer["reference"].endswith("o-2")


def test_an_item_is_bought_again():
    status, purchase = ask("POST", "/items/LAMP-2/replenish", '{"minimum": 12}')
    assert (status, purchase["quantity"], purchase["total_cents"]) == (200, 12, 29400)


def test_a_count_sheet_is_booked():
    status, answer = ask("POST", "/counts", '{"day": "2026-11-24", "lines": ["ROPE-8; 338"]}')
    assert (status, answer["items"][0]["difference"]) == (200, -2)


def test_the_query_says_which_page():
    assert len(ask("GET", "/items", query="page=2")[1]["items"]) == 2
    assert ask("GET", "/items", query="page=two") == (400, {"error": "page is no number: 'two'"})


def test_what_is_not_understood_is_refused():
    assert ask("POST", "/counts", '{"day":') == (400, {"error": "the body is not JSON"})
    assert ask("POST", "/counts", "[]") == (400, {"error": "the body is no JSON object"})
    assert ask("POST", "/counts", "{}") == (400, {"error": "day is missing"})
    assert ask("POST", "/counts", '{"day": 1}') == (400, {"error": "day must be text"})
    assert ask("POST", "/items/OATS-1/stock", '{"quantity": "7"}')[0] == 400
    assert ask("POST", "/counts", " " * 70_000)[0] == 413
    assert ask("GET", "/nowhere")[0] == 404
    assert ask("DELETE", "/items")[0] == 404


def test_secrets_are_not_captured():
    assert telemetry.capture({"name": "Ada", "email": "ada@example.test"}) == '{"name":"Ada","email":"[redacted]"}'
    assert telemetry.capture("x" * 5000) is None
    assert telemetry.capture(object()) is None
