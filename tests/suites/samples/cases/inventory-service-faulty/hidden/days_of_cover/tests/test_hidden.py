from inventory.handlers.forecast import cover_report, days_of_cover


def test_what_was_never_sold_lasts_for_ever():
    assert days_of_cover(on_hand=80, sold=[]) == {"days": None}
    assert days_of_cover(on_hand=80, sold=[4, 6]) == {"days": 16}


def test_the_report_holds_every_item():
    assert cover_report()["items"]
