from __future__ import annotations

import pytest

from inventory.store import store


@pytest.fixture(autouse=True)
def full_warehouse():
    store.reset()
