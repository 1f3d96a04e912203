"""Starts the service: PORT (0 picks a free one), OTEL_EXPORTER_OTLP_ENDPOINT for telemetry."""

from __future__ import annotations

import logging
import os
import signal
import threading
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from . import __version__, telemetry
from .app import app


class Quiet(WSGIRequestHandler):
    """Answers without a line per request on stderr."""

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def main() -> None:
    """Serves until it is asked to end."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    telemetry.start(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"), __version__)
    try:
        with make_server("127.0.0.1", int(os.environ.get("PORT", "8080")), app, handler_class=Quiet) as server:
            # In a thread: it waits for the request that is being answered.
            signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
            print(f"inventory-service listens on {server.server_port}", flush=True)
            server.serve_forever()
    finally:
        telemetry.stop()


if __name__ == "__main__":
    main()
