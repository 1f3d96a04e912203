"""OpenTelemetry around the handlers: one span per call, with where the code is and what went in and came out.

The SDK is optional: without it, or without an endpoint, the service runs untraced.

Exceptions are on their way from span events to log records, as OpenTelemetry's conventions now want it. The async
handlers already report theirs as logs; the others still put them on their span.
"""

from __future__ import annotations

import functools
import inspect
import json
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Callable, TypeVar

from .errors import InventoryError

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent
SECRET = {"email", "phone", "token"}
MAX_CAPTURE = 4096

Function = TypeVar("Function", bound=Callable[..., Any])

# Set by `start`. Handlers look at it at each call, because modules are imported before telemetry starts.
_tracer: Any = None
_providers: list[Any] = []


def start(endpoint: str | None, version: str) -> bool:
    """Starts the SDK with OTLP/HTTP protobuf exporters for traces and logs.

    Args:
        endpoint: Where the collector listens, like `http://127.0.0.1:4318`; nothing is started without one.
        version: The version of this service.

    Returns:
        Whether telemetry is on.
    """
    global _tracer
    if not endpoint:
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
        from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("no telemetry: OpenTelemetry is not installed (requirements-telemetry.txt)")
        return False
    resource = Resource.create({"service.name": "inventory-service", "service.version": version})
    tracers = TracerProvider(resource=resource)
    spans = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")
    tracers.add_span_processor(BatchSpanProcessor(spans, max_queue_size=8192, schedule_delay_millis=200))
    loggers = LoggerProvider(resource=resource)
    records = OTLPLogExporter(endpoint=f"{endpoint}/v1/logs")
    loggers.add_log_record_processor(BatchLogRecordProcessor(records, schedule_delay_millis=200))
    logging.getLogger("inventory").addHandler(LoggingHandler(level=logging.INFO, logger_provider=loggers))
    _tracer = tracers.get_tracer("inventory-service", version)
    _providers[:] = [tracers, loggers]
    return True


def stop() -> None:
    """Sends what is still queued."""
    global _tracer
    _tracer = None
    while _providers:
        _providers.pop().shutdown()


def is_on() -> bool:
    """Whether handler calls become spans."""
    return _tracer is not None


def request(method: str, route: str) -> AbstractContextManager[Any]:
    """The span of one HTTP request; an exception that leaves it is recorded on it by the SDK."""
    if _tracer is None:
        return nullcontext()
    from opentelemetry.trace import SpanKind

    attributes = {"http.request.method": method, "http.route": route}
    return _tracer.start_as_current_span(f"{method} {route}", kind=SpanKind.SERVER, attributes=attributes)


def handler(function: Function) -> Function:
    """Marks a function as a handler: each call becomes a span while telemetry is on."""
    signature = inspect.signature(function)
    attributes = {
        "code.function.name": function.__qualname__,
        "code.file.path": Path(function.__code__.co_filename).resolve().relative_to(ROOT).as_posix(),
        "code.line.number": function.__code__.co_firstlineno,
    }

    def given(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        # By position as a list; by name, or mixed, as an object.
        return capture(signature.bind(*args, **kwargs).arguments if kwargs else list(args))

    @contextmanager
    def span(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Any]:
        before = given(args, kwargs)
        called = attributes if before is None else {**attributes, "thymus.args": before}
        # What is an exception and what a refusal is decided here, not by the SDK.
        with _tracer.start_as_current_span(
            function.__name__, attributes=called, record_exception=False, set_status_on_exception=False
        ) as current:
            try:
                yield current
            finally:
                # What a call did to its arguments; said only when it did something.
                after = None if before is None else given(args, kwargs)
                if after not in (None, before):
                    current.set_attribute("thymus.args.after", after)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if _tracer is None:
            return function(*args, **kwargs)
        with span(args, kwargs) as current:
            try:
                return _returned(current, function(*args, **kwargs))
            except InventoryError as refusal:
                current.set_attribute("inventory.refused", refusal.status)
                raise
            except Exception as error:
                current.record_exception(error)
                _failed(current, error)
                raise

    @functools.wraps(function)
    async def call_async(*args: Any, **kwargs: Any) -> Any:
        if _tracer is None:
            return await function(*args, **kwargs)
        with span(args, kwargs) as current:
            try:
                return _returned(current, await function(*args, **kwargs))
            except InventoryError as refusal:
                current.set_attribute("inventory.refused", refusal.status)
                raise
            except Exception as error:
                log.exception("%s failed", function.__name__)
                _failed(current, error)
                raise

    return call_async if inspect.iscoroutinefunction(function) else call  # type: ignore[return-value]


def capture(value: Any) -> str | None:
    """The value as JSON without secrets, or None if it is too long or no JSON."""
    try:
        text = json.dumps(_redacted(value), ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError):
        return None
    return text if len(text) <= MAX_CAPTURE else None


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: "[redacted]" if key in SECRET else _redacted(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted(inner) for inner in value]
    return value


def _returned(span: Any, result: Any) -> Any:
    captured = capture(result)
    if captured is not None:
        span.set_attribute("thymus.result", captured)
    return result


def _failed(span: Any, error: Exception) -> None:
    from opentelemetry.trace import Status, StatusCode

    span.set_attribute("error.type", type(error).__qualname__)
    span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))
