from inventory.handlers.suppliers import purchase_cost


def test_terms_without_a_rebate_have_none():
    cost = purchase_cost(supplier_id="fjordpakk", quantity=10, unit_cents=250)
    assert cost == {"rebate_cents": 0, "total_cents": 2500}
