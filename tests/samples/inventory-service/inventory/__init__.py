"""A small inventory service: items, stock, lots, counts, suppliers, forecast, deliveries."""

__version__ = "2.3.0"
