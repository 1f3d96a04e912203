"""What the service refuses, with the HTTP status to answer."""

from __future__ import annotations


class InventoryError(Exception):
    """A refused request. Its message may be shown to whoever asked.

    Attributes:
        status: The HTTP status to answer.
    """

    status = 400


class BadRequest(InventoryError):
    """The request makes no sense as it stands."""


class NotFound(InventoryError):
    """What the request is about does not exist."""

    status = 404


class Conflict(InventoryError):
    """The request makes sense, but not in the state that things are in."""

    status = 409


class TooLarge(InventoryError):
    """The request is larger than anybody needs."""

    status = 413
