import pytest

from inventory.errors import BadRequest, NotFound
from inventory.handlers.suppliers import get_supplier, place_purchase, purchase_cost, supplier_contact


def test_a_supplier_is_shown_with_its_terms():
    supplier = get_supplier(supplier_id="nordkorn")
    assert supplier["payment_days"] == 14
    assert supplier["rebate_percent"] == 3


def test_an_unknown_supplier_is_not_found():
    with pytest.raises(NotFound, match="no supplier nobody"):
        get_supplier(supplier_id="nobody")


def test_the_contact_of_an_item_is_its_supplier():
    contact = supplier_contact(sku="LAMP-2")
    assert contact == {"sku": "LAMP-2", "name": "Lumen & Sønn", "email": "post@lumen.test"}


def test_an_item_that_nobody_supplies_has_no_contact():
    with pytest.raises(NotFound, match="nobody supplies FLAG-1"):
        supplier_contact(sku="FLAG-1")


def test_the_rebate_is_taken_off():
    cost = purchase_cost(supplier_id="nordkorn", quantity=100, unit_cents=180)
    assert cost == {"rebate_cents": 540, "total_cents": 17460}


def test_buying_nothing_is_refused():
    with pytest.raises(BadRequest, match="nothing to buy"):
        purchase_cost(supplier_id="nordkorn", quantity=0, unit_cents=180)


def test_purchases_are_numbered():
    place_purchase("lumen", "LAMP-2", 10, 24500)
    assert place_purchase("lumen", "STAR-4", 10, 9900)["number"] == 2
