"""Everything the service remembers.

In memory: production keeps the same shape in a database behind this module.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .errors import NotFound


@dataclass
class Item:
    """Something that lies in the warehouse."""

    sku: str
    name: str
    category: str
    unit_cents: int
    on_hand: int
    reserved: int = 0
    supplier_id: str | None = None
    lots: list[dict[str, Any]] = field(default_factory=list)
    sales: list[int] = field(default_factory=list)

    @property
    def available(self) -> int:
        """How many can still be promised."""
        return self.on_hand - self.reserved


@dataclass
class Supplier:
    """Who sells us items. `terms` is what the purchasing tool exports; it leaves out what was not agreed."""

    supplier_id: str
    name: str
    email: str
    terms: dict[str, Any] = field(default_factory=dict)


@dataclass
class Movement:
    """One change of what is on hand."""

    number: int
    sku: str
    quantity: int
    reason: str


class Store:
    """Items, suppliers, movements and purchases."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.suppliers: dict[str, Supplier] = {}
        self.movements: list[Movement] = []
        self.purchases: list[dict[str, Any]] = []
        self.reset()

    def reset(self) -> None:
        """Back to a freshly filled warehouse; tests call it before each case."""
        self.items = {item.sku: item for item in _items()}
        self.suppliers = {supplier.supplier_id: supplier for supplier in _suppliers()}
        self.movements = []
        self.purchases = []

    def item(self, sku: str) -> Item:
        """Finds an item.

        Raises:
            NotFound: If there is none.
        """
        item = self.items.get(sku)
        if item is None:
            raise NotFound(f"no item {sku}")
        return item

    def move(self, item: Item, quantity: int, reason: str) -> Movement:
        """Changes what is on hand and remembers why."""
        item.on_hand += quantity
        movement = Movement(len(self.movements) + 1, item.sku, quantity, reason)
        self.movements.append(movement)
        return movement


def _items() -> list[Item]:
    return [
        Item(
            "OATS-1",
            "Rolled oats, 1 kg",
            "food",
            unit_cents=180,
            on_hand=1400,
            supplier_id="nordkorn",
            lots=[
                {"lot": "N-118", "expires": "2027-03-31", "quantity": 900},
                {"lot": "N-104", "expires": "2027-01-15", "quantity": 500},
            ],
            sales=[21, 18, 25, 30, 22, 41, 12],
        ),
        Item(
            "HONEY-3",
            "Heather honey, 350 g",
            "food",
            unit_cents=640,
            on_hand=600,
            supplier_id="nordkorn",
            lots=[{"lot": "H-9", "expires": "2028-06-30", "quantity": 600}],
            sales=[4, 2, 6, 3, 5, 9, 1],
        ),
        Item(
            "ROPE-8",
            "Hemp rope, 8 mm, 20 m",
            "hardware",
            unit_cents=1290,
            on_hand=340,
            supplier_id="tauwerk",
            sales=[2, 0, 1, 3, 0, 2, 0],
        ),
        Item(
            "LAMP-2",
            "Storm lantern",
            "hardware",
            unit_cents=2450,
            on_hand=210,
            supplier_id="lumen",
            sales=[1, 1, 0, 2, 1, 4, 3],
        ),
        Item("FLAG-1", "Pennant, discontinued", "hardware", unit_cents=400, on_hand=55, sales=[0, 0, 0, 0, 0, 0, 0]),
        # New in the range: nothing was sold yet.
        Item("SLED-5", "Wooden sled", "seasonal", unit_cents=5900, on_hand=80, supplier_id="lumen"),
        Item("STAR-4", "Paper star", "seasonal", unit_cents=990, on_hand=500, supplier_id="lumen", sales=[0, 3, 8, 11]),
    ]


def _suppliers() -> list[Supplier]:
    # The rope maker closed in spring; the purchasing tool deleted it, the item still names it.
    return [
        Supplier("nordkorn", "Nordkorn AS", "ordre@nordkorn.test", {"payment_days": 14, "rebate_percent": 3}),
        Supplier("lumen", "Lumen & Sønn", "post@lumen.test", {"payment_days": 30, "rebate_percent": 0}),
        Supplier("fjordpakk", "Fjordpakk", "salg@fjordpakk.test", {"payment_days": 10}),
    ]


#: The warehouse of this process.
store = Store()
