import pytest

from inventory.errors import NotFound
from inventory.handlers.suppliers import supplier_contact


def test_a_supplier_that_is_gone_is_not_found():
    with pytest.raises(NotFound):
        supplier_contact(sku="ROPE-8")
