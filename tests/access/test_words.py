"""Screens of the administration say what things are: no codes, no bytes, no Python."""

from decimal import Decimal

import pytest
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from app.core.history import History
from app.jobs.__main__ import light_app
from models.organisation import Branch, ExchangeRate, PaymentTerms
from tests import makers


@pytest.fixture
def rate(people, open_work):
    with open_work() as work:
        row = ExchangeRate(currency_code="IRR", base_code="GBP", valid_on=work.now.date(), rate=Decimal("0.00000125"))
        work.session.add(row)
        work.session.flush()
        return row.id


def test_an_exchange_rate_is_a_factor_with_all_its_digits_and_no_percentage(rate, sign_in):
    admin = sign_in("admin")
    listed, shown = admin.page("/exchange_rates/list/"), admin.page(f"/exchange_rates/show/{rate}")
    assert "0.00000125" in listed
    assert "0.00000125" in shown
    assert "0.00000125%" not in listed + shown
    assert " object at " not in shown


def test_number_series_are_called_by_what_they_number(people, sign_in):
    listed = sign_in("admin").page("/number_series/list/")
    assert "Credit note" in listed
    assert ">credit_note<" not in listed


def test_history_keeps_a_fingerprint_of_bytes_and_no_page_shows_it(people, open_work, sign_in):
    with open_work() as work:
        branch = work.session.get(Branch, 1)
        branch.logo = b"\x89PNG\r\n"
    with open_work() as work:
        kept = work.session.query(History).filter_by(noun="branch", record_id=1).order_by(History.id.desc()).first()
        assert kept.changes["logo"][1].startswith("sha256:")
    assert "sha256:" not in sign_in("admin").page("/branches/show/1")


def test_profile_fields_are_picked_by_their_labels(people, open_work, sign_in):
    admin = sign_in("admin")
    assert "timezone" not in admin.page("/settings/list/")
    done = admin.post("/settings/edit/PROFILE_EDITABLE_FIELDS/system", {"value": ["locale", "mobile"]})
    assert done.status_code == 302
    shown = admin.page("/settings/show/PROFILE_EDITABLE_FIELDS")
    assert "Language, Mobile number" in shown
    assert "Time zone" in admin.page("/settings/edit/PROFILE_EDITABLE_FIELDS/system")


def test_payment_terms_and_addresses_are_in_words(people, open_work, sign_in):
    with open_work() as work:
        terms = work.session.query(PaymentTerms).filter_by(code="net30").one()
        customer = makers.make_customer(work, "Words Ltd", payment_terms_id=terms.id)
        place = makers.make_address(work, customer, street="7 Low Street")
        pk, named = customer.id, terms.names["en"]
        order = makers.make_order(work, customer, delivery_address_id=place.id).id
    reviewer = sign_in("reviewer")
    assert named in reviewer.page(f"/customers/show/{pk}")
    shown = reviewer.page(f"/orders/show/{order}")
    assert "Leeds, United Kingdom" in shown
    assert "Leeds, GB" not in shown


def test_an_order_on_paper_says_its_status_until_it_is_confirmed(people, open_work, rest):
    with open_work() as work:
        makers.make_product(work, sku="A-1", price="2.50", stock_of=100)
    buyer = rest("buyer1")
    lines = [{"sku": "A-1", "quantity": "2"}]
    pk = buyer.post("/orders/", {"currency": "GBP", "lines": lines, "submit": True}).json["id"]
    paper = buyer.get(f"/orders/{pk}/documents/order_confirmation.html").get_data(as_text=True)
    assert ">Submitted<" in paper
    assert ">Draft<" not in paper


def test_a_credit_note_is_called_one_and_waits_for_no_payment(people, open_work, sign_in):
    with open_work() as work:
        customer = work.session.get(makers.Customer, people.one)
        invoice = makers.make_invoice(work, customer, issued=False, type="credit_note")
        pk = invoice.id
    shown = sign_in("finance").page(f"/invoices/show/{pk}")
    documents = shown.partition('id="documents"')[2].partition("</section>")[0]
    assert "Credit note" in documents
    assert "<dt>Days to pay</dt>" not in shown
    assert "<dt>Due on</dt>" not in shown


def test_whole_numbers_in_a_sentence_have_the_digits_of_its_reader(site):
    with site.test_request_context("/?lang=fa"):
        assert "۳۲" in _("At most %(number)s.", number=32)
        assert "۲" in ngettext("%(num)d more was refused.", "%(num)d more were refused.", 2)
        assert "SO-2026-000017" in _("%(count)s records, %(name)s", count=2, name="SO-2026-000017"), "a name stays"
        with force_locale("en"):
            assert _("At most %(number)s.", number=1200) == "At most 1,200."
    with site.test_request_context("/?lang=ru"):
        assert "32" in _("At most %(number)s.", number=32)
    with light_app().app_context(), force_locale("fa"):
        assert "۳۲" in _("At most %(number)s.", number=32), "mails and reports of jobs too"
