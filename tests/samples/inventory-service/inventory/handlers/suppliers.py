"""Who sells us what, and on which terms."""

from __future__ import annotations

from typing import Any

from ..errors import BadRequest, NotFound
from ..store import store
from ..telemetry import handler


@handler
def get_supplier(supplier_id: str) -> dict[str, Any]:
    """A supplier with its terms.

    Args:
        supplier_id: The supplier's id.

    Returns:
        Its name, after how many days it wants to be paid, and its rebate; 30 days and none where nothing was agreed.

    Raises:
        NotFound: If there is no such supplier.
    """
    supplier = store.suppliers.get(supplier_id)
    if supplier is None:
        raise NotFound(f"no supplier {supplier_id}")
    terms = supplier.terms
    return {
        "supplier_id": supplier_id,
        "name": supplier.name,
        "payment_days": terms.get("payment_days", 30),
        "rebate_percent": terms.get("rebate_percent", 0),
    }


@handler
def supplier_contact(sku: str) -> dict[str, Any]:
    """Whom to write to about an item.

    Args:
        sku: The item's number.

    Returns:
        The supplier's name and mail address.

    Raises:
        NotFound: If there is no such item, or nobody supplies it.
    """
    item = store.item(sku)
    if item.supplier_id is None:
        raise NotFound(f"nobody supplies {sku}")
    supplier = store.suppliers.get(item.supplier_id)
    return {"sku": sku, "name": supplier.name, "email": supplier.email}


@handler
def purchase_cost(supplier_id: str, quantity: int, unit_cents: int) -> dict[str, Any]:
    """What a purchase costs after the supplier's rebate.

    Args:
        supplier_id: The supplier's id.
        quantity: How many to buy.
        unit_cents: What one costs before the rebate.

    Returns:
        The rebate and the total in cents.

    Raises:
        BadRequest: If there is nothing to buy.
        NotFound: If there is no such supplier.
    """
    if quantity < 1:
        raise BadRequest("nothing to buy")
    supplier = store.suppliers.get(supplier_id)
    if supplier is None:
        raise NotFound(f"no supplier {supplier_id}")
    gross = quantity * unit_cents
    rebate = gross * supplier.terms["rebate_percent"] // 100
    return {"rebate_cents": rebate, "total_cents": gross - rebate}


@handler
def place_purchase(supplier_id: str, sku: str, quantity: int, total_cents: int) -> dict[str, Any]:
    """Writes a purchase into the books; somebody sends it later.

    Args:
        supplier_id: Who sells.
        sku: The item's number.
        quantity: How many to buy.
        total_cents: What was calculated.

    Returns:
        The purchase with its number.
    """
    number = len(store.purchases) + 1
    purchase = {
        "number": number,
        "supplier_id": supplier_id,
        "sku": sku,
        "quantity": quantity,
        "total_cents": total_cents,
    }
    store.purchases.append(purchase)
    return dict(purchase)
