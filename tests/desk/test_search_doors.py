"""One field finds everything the reader may see, and nothing else."""

from models.customers import Customer
from tests import makers


def test_search_finds_by_number_and_by_word(people, sign_in, open_work):
    with open_work() as work:
        makers.make_product(work, sku="LAMP-1", names={"en": "Desk lamp", "tr": "Masa lambası"})
        one, two = (work.session.get(Customer, pk) for pk in (people.one, people.two))
        makers.make_order(work, one, number="SO-2026-000017")
        makers.make_order(work, two, number="SO-2026-000018")
        makers.make_invoice(work, one)
        makers.make_contract(work, one)
    staff, buyer = sign_in("reviewer"), sign_in("buyer1")
    page = staff.page("/search/?q=so-2026")
    assert "SO-2026-000017" in page and "SO-2026-000018" in page and "Acme Ltd" in page
    assert "Rival Ltd" in staff.page("/search?q=riv")
    for text in ("lamba", "LAMP", "desk"):
        assert "Desk lamp" in buyer.page(f"/search/?q={text}"), text
    page = buyer.page("/search/?q=so-2026")
    assert "SO-2026-000017" in page and "SO-2026-000018" not in page
    assert "INV-2026" in buyer.page("/search/?q=INV-2026-00") and "CT-2026" in buyer.page("/search/?q=CT-2026-")
    for text in ("riv", "acme"):
        assert "/customers/show/" not in buyer.page(f"/search/?q={text}")
    for text in ("", "%", "'", "\\", "___1", "x" * 500, "۱۷", "!!!"):
        assert staff.page(f"/search/?q={text}")
    assert 'action="/search/"' in staff.page("/")


def test_search_is_bounded(people, sign_in, open_work):
    with open_work() as work:
        for number in range(12):
            makers.make_product(work, sku=f"LAMP-{number:02}")
    page = sign_in("buyer1").page("/search/?q=lamp")
    assert page.count("/products/show/") == 8 and "/products/list/?q=lamp" in page
