"""Records what the service's telemetry looks like.

A local OTLP/HTTP receiver, the real service with the real SDK, and bounded traffic. Writes into `recordings/`:

- `healthy.jsonl.gz` and `faulty.jsonl.gz`: one export request a line as JSON, as the OpenTelemetry Collector's file
  exporter does;
- `faulty.traces.pb.gz` and `faulty.logs.pb.gz`: the same requests as they came, as protobuf, each after its length in
  four bytes, as the file exporter does with `format: proto`.

The windows to record are named on the command line: `healthy`, or `faulty`, which is the release's: copy `release/` over
the service before. Needs `requirements-telemetry.txt`. Ends by itself; gives up after a minute a window.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

HERE = Path(__file__).resolve().parent
OUT = HERE / "recordings"
SESSIONS = 80
WINDOW_SECONDS = 60
MAX_BODY = 16 * 1024 * 1024
SIGNALS = {"/v1/traces": ("traces", ExportTraceServiceRequest), "/v1/logs": ("logs", ExportLogsServiceRequest)}
IDS = {"traceId", "spanId", "parentSpanId"}


def as_collector(value: Any) -> Any:
    """Ids in hexadecimal digits, as OTLP/JSON wants them; protobuf's own mapping writes base64."""
    if isinstance(value, dict):
        return {
            key: base64.b64decode(inner).hex() if key in IDS else as_collector(inner) for key, inner in value.items()
        }
    if isinstance(value, list):
        return [as_collector(inner) for inner in value]
    return value


class Receiver(ThreadingHTTPServer):
    """Keeps the export requests that come in, in the order in which they come."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Export)
        self.requests: list[tuple[str, bytes]] = []

    def lines(self) -> bytes:
        """The requests as JSON lines."""
        lines = []
        kinds = dict(SIGNALS.values())
        for signal, body in self.requests:
            message = kinds[signal].FromString(body)
            plain = as_collector(MessageToDict(message, use_integers_for_enums=True))
            lines.append(json.dumps(plain, ensure_ascii=False, separators=(",", ":")) + "\n")
        return "".join(lines).encode()

    def messages(self, signal: str) -> bytes:
        """The requests of one signal as protobuf, each after its length."""
        return b"".join(len(body).to_bytes(4, "big") + body for known, body in self.requests if known == signal)


class Export(BaseHTTPRequestHandler):
    """Takes one export request."""

    server: Receiver

    def do_POST(self) -> None:
        signal, size = SIGNALS.get(self.path), int(self.headers.get("Content-Length", 0))
        accepted = signal is not None and 0 < size <= MAX_BODY
        if accepted:
            self.server.requests.append((signal[0], self.rfile.read(size)))
        self.send_response(200 if accepted else 400)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


class Visitor:
    """Somebody who uses the service over HTTP, and counts its answers."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.answers: Counter[int] = Counter()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            self.answers[answer.status] += 1
            return json.loads(answer.read())
        finally:
            connection.close()


SELLING = ["OATS-1", "HONEY-3", "ROPE-8", "LAMP-2"]
POSTCODES = ["5003", "0150", "9010", "7030", "4006"]
#: What people paste from a delivery note into the search box.
NOTE = "+".join(f"pos{number}" for number in range(560))


def session(visitor: Visitor, pick: Random, number: int, faulty: bool) -> None:
    """What one person at a desk of the warehouse does."""
    ask = visitor.ask
    text = NOTE if faulty else "storm"
    ask("GET", "/items?category=food" if number % 2 else f"/search?text={text}")
    sku = pick.choice(SELLING)
    ask("GET", f"/items/{sku}")
    if number % 3 == 0:
        ask("POST", f"/items/{sku}/stock", {"quantity": pick.randint(5, 30)})
    if number % 9 == 0:
        ask("GET", "/items/TENT-1")
    if number % 13 == 0:
        ask("POST", f"/items/{sku}/stock", {"quantity": 0})
    order = {"order_id": f"o-{number}", "sku": sku, "quantity": pick.randint(1, 6), "postcode": pick.choice(POSTCODES)}
    if faulty and number % 10 == 3:
        order["express"] = True
    if faulty and number % 8 == 2:
        order["fragile"] = True
    booked = ask("POST", "/dispatches", order)
    if "reference" in booked and number % 2:
        ask("GET", f"/deliveries/{booked['reference']}")
    if number % 11 == 0:
        ask("POST", "/dispatches", {**order, "quantity": 5000})
    desk(visitor, pick, number, faulty)
    if number % 20 == 0:
        for report in ["cover?category=food", "cover?category=hardware", "value", "expired?today=2027-02-01"]:
            ask("GET", f"/reports/{report}")
    if faulty and number % 8 == 2:
        ask("GET", f"/pallets?quantity={pick.choice([0, 12, 40, 41, 90])}&per_layer={pick.choice([6, 8])}")
    if faulty and number % 20 == 7:
        ask("GET", "/reports/cover?category=seasonal")


def desk(visitor: Visitor, pick: Random, number: int, faulty: bool) -> None:
    """The part of a session in which most can go wrong."""
    ask = visitor.ask
    new = faulty and number % 8 == 5
    if number % 4 == 1:
        ask("GET", f"/items/{'SLED-5' if new else pick.choice(SELLING)}/cover")
    if number % 5 == 0:
        counted = pick.randint(300, 340)
        lines = ["# aisle 3", f"rope-8; {counted}", f"LAMP-2;{counted - 100}"]
        if faulty and number % 10 == 5:
            lines[1] = pick.choice(["rope-8; 310 pcs", "rope-8;"])
        ask("POST", "/counts", {"day": "2026-11-24", "lines": lines})
    if faulty and number % 10 == 9:
        ask("POST", "/counts", {"day": "2026-11-24", "lines": ["SKU;counted", "LAMP-2;210"]})
    if number % 15 == 4:
        ask("POST", "/counts", {"day": "2026-11-24", "lines": ["LAMP-2 210"]})
    if number % 6 == 2:
        choice = {"supplier": "fjordpakk"} if faulty and number % 12 == 2 else {}
        ask("POST", "/items/OATS-1/replenish", {"minimum": 20, **choice})
    if number % 7 == 3:
        ask("GET", f"/items/{'ROPE-8' if faulty and number % 14 == 3 else 'LAMP-2'}/contact")
        ask("GET", "/suppliers/nordkorn")
        ask("GET", "/items/FLAG-1/contact")
    if number % 8 == 6:
        ask("GET", f"/items/{'ROPE-8' if faulty and number % 16 == 6 else pick.choice(SELLING[:2])}/next-lot")
        ask("GET", f"/items/{SELLING[number % 4]}/movements")


def window(seed: int, faulty: bool) -> tuple[Receiver, Counter[int]]:
    """Runs the service and its visitors once."""
    receiver = Receiver()
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    environment = {
        "PATH": os.environ["PATH"],
        "PORT": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{receiver.server_port}",
    }
    service = subprocess.Popen(
        [sys.executable, "-m", "inventory"], cwd=HERE, env=environment, stdout=subprocess.PIPE, text=True
    )
    too_long = threading.Timer(WINDOW_SECONDS, service.kill)
    too_long.start()
    try:
        greeting = service.stdout.readline() if service.stdout else ""
        if not greeting:
            raise SystemExit("the service ended before it listened")
        visitor, pick = Visitor(int(greeting.split()[-1])), Random(seed)
        for number in range(SESSIONS):
            session(visitor, pick, number, faulty)
        service.terminate()
        if service.wait() != 0:
            raise SystemExit(f"the service ended with {service.returncode}")
    finally:
        too_long.cancel()
        service.kill()
        service.communicate()
        receiver.shutdown()
        receiver.server_close()
    return receiver, visitor.answers


def write(name: str, content: bytes) -> None:
    """Writes a compressed file whose bytes depend on nothing but its content."""
    OUT.mkdir(exist_ok=True)
    packed = gzip.compress(content, compresslevel=9, mtime=0)
    (OUT / name).write_bytes(packed)
    print(f"{name}: {len(packed)} bytes")


def main() -> None:
    """Records the windows that are named."""
    if "healthy" in sys.argv[1:]:
        healthy, answers = window(seed=7, faulty=False)
        print("healthy answers", dict(answers), "requests", len(healthy.requests))
        write("healthy.jsonl.gz", healthy.lines())
    if "faulty" in sys.argv[1:]:
        faulty, answers = window(seed=11, faulty=True)
        print("faulty answers", dict(answers), "requests", len(faulty.requests))
        write("faulty.jsonl.gz", faulty.lines())
        write("faulty.traces.pb.gz", faulty.messages("traces"))
        write("faulty.logs.pb.gz", faulty.messages("logs"))


if __name__ == "__main__":
    main()
