"""What the service does, one module a subject; each function marked with `@handler` is a handler."""
