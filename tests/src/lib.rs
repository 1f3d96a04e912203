//! End-to-end tests, sample repositories and recorded telemetry; see `tests/tests/` and `tests/samples/`.
