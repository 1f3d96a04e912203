"""How goods are stacked for the carrier."""

from __future__ import annotations

import math
from typing import Any

from ..errors import BadRequest
from ..telemetry import handler


@handler
def stack_pallets(quantity: int, per_layer: int, layers: int = 5) -> dict[str, Any]:
    """How many pallets a delivery needs.

    Args:
        quantity: How many boxes.
        per_layer: How many boxes lie on one layer.
        layers: How many layers a pallet may have.

    Returns:
        The `pallets`, and the layers of the last one in `last_layers`; the last is None if nothing is stacked.

    Raises:
        BadRequest: If a layer holds nothing.
    """
    if per_layer < 1 or layers < 1:
        raise BadRequest("a layer holds at least one box")
    if quantity <= 0:
        return {"pallets": 0, "last_layers": None}
    pallets = math.ceil(quantity / (per_layer * layers))
    left = quantity - (pallets - 1) * per_layer * layers
    return {"pallets": pallets, "last_layers": math.ceil(left / per_layer)}
