"""Quotes: what is asked for, offered, negotiated and ordered; nothing that was published ever changes."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.core import scope
from app.core.history import History
from app.core.settings import SettingValue
from app.core.work import Actor
from app.rules import documents, entry, quote_entry, quotes, settings_pages
from app.rules import quote_revisions as revisions
from models.orders import Order
from models.organisation import Branch
from models.quotes import Quote, QuoteLine
from tests import makers
from tests.expect import refused, statements

FLOW = quotes.FLOW
TODAY = date(2026, 11, 21)


def staff(user_id, name="ann"):
    return replace(Actor.system(name), kind="staff", user_id=user_id)


def buyer(customer_id):
    return Actor("buyer", kind="external", customers=frozenset({customer_id}), may=lambda permission: True)


def setting(work, name, value):
    work.session.add(SettingValue(name=name, scope="system", scope_id=0, value=value))
    work.session.flush()
    work.cache.clear()


@pytest.fixture
def shop(open_work):
    """A customer with an address and two products, one of them with a price."""
    with open_work() as work:
        customer = makers.make_customer(work)
        makers.make_address(work, customer)
        makers.make_product(work, sku="BOLT", price="2.50", stock_of=1000)
        makers.make_product(work, sku="NUT", stock_of=1000)
        return customer.id


def ask(open_work, customer_id, *rows, submit=True, **head):
    with open_work(buyer(customer_id)) as work:
        customer = makers.customer_of(work, customer_id)
        rows = rows or ({"sku": "BOLT", "quantity": Decimal(10)}, {"name": "A gold screw", "quantity": Decimal(1)})
        return quote_entry.create(work, customer, lines=rows, submit=submit, **head).id


def test_a_request_is_numbered_and_priced_with_the_list_prices_to_begin_with(open_work, shop):
    identity = ask(open_work, shop, reference="RFQ-7")
    with open_work() as work:
        quote = work.session.get(Quote, identity)
        assert (quote.state, quote.number, quote.revision) == ("requested", "QU-2026-000001", 0)
        assert [line.unit_price for line in quote.lines] == [None, None]
        with refused("not_priced", work):
            FLOW.run_one("publish", quote)
        FLOW.run_one("take", quote)
        found = revisions.working(quote)
        assert [line.unit_price for line in revisions.lines(quote, 1)] == [Decimal("2.50"), None]
        assert found.valid_until == TODAY + timedelta(days=30)
        with refused("no_price", work):
            FLOW.run_one("price", quote)
        rows = [
            {"sku": "BOLT", "quantity": Decimal(10), "unit_price": Decimal(2), "discount_percent": Decimal(10)},
            {"name": "A gold screw", "quantity": Decimal(1), "unit_price": Decimal("99.90")},
            {"name": "A brass screw", "quantity": Decimal(1), "unit_price": Decimal(9), "alternative": True},
        ]
        quote_entry.change(quote, work, lines=rows, valid_until=TODAY)
        assert found.total_net == Decimal("117.90"), "an alternative is not part of the total"
        assert quote.total_net == 0, "the head shows what was published only"
        FLOW.run_one("price", quote)
        FLOW.run_one("publish", quote)
        assert (quote.state, quote.revision, quote.total_net) == ("offered", 1, Decimal("117.90"))
        assert [line.name for line in quote.lines] == ["Product BOLT", "A gold screw", "A brass screw"]
        assert [line.name for line in revisions.lines(quote, 0)] == ["Product BOLT", "A gold screw"]


def test_what_is_being_worked_out_is_not_there_for_the_customer(open_work, shop):
    identity = ask(open_work, shop)
    with open_work() as work:
        FLOW.run_one("take", identity)
        own = makers.make_quote(work, makers.customer_of(work, shop), offered=False).id
    with open_work(buyer(shop)) as work:
        quote = work.session.get(Quote, identity)
        assert [one.revision for one in quote.revisions] == [0] and {line.revision for line in quote.all_lines} == {0}
        assert work.session.get(Quote, own) is None
        assert work.session.query(QuoteLine).filter(QuoteLine.revision > 0).count() == 0


def test_a_customer_changes_his_draft_only_and_prices_nothing(open_work, shop):
    identity = ask(open_work, shop, submit=False)
    with open_work(buyer(shop)) as work:
        quote = work.session.get(Quote, identity)
        rows = [{"sku": "NUT", "quantity": Decimal(3), "unit_price": Decimal("0.01")}]
        quote_entry.change(quote, work, lines=rows, valid_until=TODAY, reference="PO")
        assert [(line.sku, line.unit_price, line.net) for line in quote.all_lines] == [("NUT", None, 0)]
        assert quote.valid_until is None
        FLOW.run_one("submit", quote)
        with refused("frozen", work):
            quote_entry.change(quote, work, lines=rows)
        for verb in ("take", "price", "publish"):
            with refused("staff_step", work):
                FLOW.run_one(verb, quote)
    with open_work() as work, refused("frozen", work):
        quote_entry.change(work.session.get(Quote, ask(open_work, shop, submit=False)), work, lines=[])


@pytest.mark.parametrize(
    "row, code",
    [
        ({"sku": "NONE", "quantity": Decimal(1)}, "unknown_product"),
        ({"name": " ", "quantity": Decimal(1)}, "nothing_named"),
        ({"sku": "BOLT", "quantity": Decimal(0)}, "bad_quantity"),
        ({"sku": "BOLT", "quantity": Decimal("0.5")}, "uneven_quantity"),
        ({"sku": "BOLT", "quantity": Decimal(1), "unit_price": Decimal(-1)}, "bad_price"),
        ({"sku": "BOLT", "quantity": Decimal(1), "discount_percent": Decimal(101)}, "bad_discount"),
        ({"sku": "BOLT", "quantity": Decimal(1), "alternative": True}, "no_main_line"),
        ({"sku": "BOLT", "quantity": Decimal(1), "id": 999_999}, "unknown_line"),
    ],
)
def test_a_refused_line_says_why_and_nothing_is_kept(open_work, shop, row, code):
    with open_work() as work:
        with refused("lines_refused", work) as caught:
            quote_entry.create(work, makers.customer_of(work, shop), lines=[row])
        assert [one["error"] for one in caught.value.details["lines"]] == [code]


def test_nobody_reviews_his_own_prices(open_work, shop, people):
    ann, bob = people.ids["reviewer"], people.ids["supervisor"]
    with open_work() as work:
        setting(work, "QUOTE_REVIEW", True)
        quote = makers.make_quote(work, makers.customer_of(work, shop), offered=False)
        revisions.working(quote).priced_by = ann
        work.actor = staff(ann)
        FLOW.run_one("price", quote)
        for verb, code in (("publish", "review_missing"), ("review", "own_decision")):
            with refused(code, work):
                FLOW.run_one(verb, quote)
        work.actor = staff(bob)
        FLOW.run_one("rework", quote, reason="Too cheap")
        FLOW.run_one("price", quote)
        FLOW.run_one("review", quote)
        quote_entry.change(quote, work, offer_remark="Cheaper")
        with refused("review_missing", work):  # what was changed since is reviewed anew
            FLOW.run_one("publish", quote)
        work.actor = staff(ann)
        FLOW.run_one("review", quote)
        FLOW.run_one("publish", quote)
        assert quote.state == "offered"


def test_a_counter_offer_leaves_the_last_offer_binding_until_we_answer(open_work, shop):
    with open_work() as work:
        quote = makers.make_quote(work, makers.customer_of(work, shop))
        [line] = quote.lines
        FLOW.run_one("counter", quote, comment="Too dear", lines=[{"id": line.id, "unit_price": Decimal(8)}])
        assert (quote.state, quote.total_net, quote.countered_at) == ("offered", Decimal(20), work.now)
        FLOW.run_one("revise", quote)
        with refused("revision_open", work):
            FLOW.run_one("revise", quote)
        assert [one.unit_price for one in revisions.lines(quote, 2)] == [8], "it begins with what was proposed"
        assert (quote.total_net, quote.revision) == (20, 1), "meanwhile the last offer holds"
        FLOW.run_one("publish", quote)
        assert (quote.total_net, quote.revision, quote.countered_at) == (16, 2, None)
        assert [one.unit_price for one in revisions.lines(quote, 1)] == [10], "what was offered before stays"
        assert revisions.find(quote, 1).counter_comment == "Too dear"
        FLOW.run_one("accept", quote)
        assert (quote.state, quote.total_net) == ("accepted", 16)


def test_the_last_offer_can_be_accepted_while_another_is_worked_out(open_work, shop):
    with open_work() as work:
        quote = makers.make_quote(work, makers.customer_of(work, shop))
        FLOW.run_one("revise", quote)
        FLOW.run_one("accept", quote)
        assert (quote.state, quote.revision, quote.total_net) == ("accepted", 1, 20)
        assert revisions.working(quote) is None and {line.revision for line in quote.all_lines} == {1}


def test_we_agree_to_a_counter_offer(open_work, shop):
    with open_work() as work:
        quote = makers.make_quote(work, makers.customer_of(work, shop))
        with refused("no_counter", work):
            FLOW.run_one("agree", quote)
        [line] = quote.lines
        proposal = {"id": line.id, "quantity": Decimal(5), "unit_price": Decimal(9), "requested_on": TODAY}
        FLOW.run_one("counter", quote, lines=[proposal])
        FLOW.run_one("agree", quote)
        assert (quote.state, quote.revision, quote.total_net) == ("accepted", 2, 45)
        assert [(one.quantity, one.requested_on) for one in quote.lines] == [(5, TODAY)]


@pytest.mark.parametrize(
    "proposal, code",
    [
        ({"quantity": Decimal(0)}, "bad_quantity"),
        ({"quantity": Decimal("0.5")}, "uneven_quantity"),
        ({"unit_price": Decimal(-1)}, "bad_price"),
        ({"id": 999_999}, "unknown_line"),
    ],
)
def test_a_counter_offer_makes_sense(open_work, shop, proposal, code):
    with open_work() as work:
        quote = makers.make_quote(work, makers.customer_of(work, shop))
        with refused("nothing_proposed", work):
            FLOW.run_one("counter", quote, comment=" ")
        with refused(code, work):
            FLOW.run_one("counter", quote, lines=[{"id": quote.lines[0].id, **proposal}])


def test_single_lines_and_one_of_the_alternatives_are_accepted(open_work, shop):
    with open_work() as work:
        rows = [
            {"sku": "BOLT", "quantity": Decimal(1), "unit_price": Decimal(100)},
            {"sku": "NUT", "quantity": Decimal(1), "unit_price": Decimal(80), "alternative": True},
            {"name": "Delivery", "quantity": Decimal(1), "unit_price": Decimal(5)},
        ]
        quote = quote_entry.create(work, makers.customer_of(work, shop), lines=rows)
        FLOW.run_one("publish", quote)
        assert quote.total_net == 105
        main, other, delivery = [line.id for line in quote.lines]
        for ids, code in (([main, other], "two_alternatives"), ([], "nothing_chosen"), ([999_999], "unknown_line")):
            with refused(code, work):
                FLOW.run_one("accept", quote, lines=ids)
        FLOW.run_one("accept", quote, lines=[other])
        assert (quote.total_net, [line.counts for line in quote.lines]) == (80, [False, True, False])
        order = FLOW.run_one("convert", quote)
        assert [(line.sku, line.unit_price) for line in order.lines] == [("NUT", 80)] and delivery


def test_an_order_is_made_once_at_the_quoted_prices(open_work, shop):
    with open_work() as work:
        customer = makers.customer_of(work, shop)
        bolt = work.session.query(makers.Product).filter_by(sku="BOLT").one()
        quote = makers.make_quote(work, customer, (bolt, 3, "1.99"), reference="RFQ-1")
        FLOW.run_one("accept", quote)
        order = FLOW.run_one("convert", quote, reference="PO-9")
        assert (order.state, order.reference, order.lines[0].unit_price) == ("submitted", "PO-9", Decimal("1.99"))
        assert (order.total_net, order.total_gross) == (quote.total_net, quote.total_gross)
        [link] = documents.links_of(order, work)
        assert (link.kind, link.from_number, link.to_number) == ("quoted", quote.number, order.number)
        with refused("already_converted", work):
            FLOW.run_one("convert", quote)
        setting(work, "QUOTE_CONVERT_AGAIN", True)
        assert FLOW.run_one("convert", quote).reference == "RFQ-1"


@pytest.mark.parametrize("includes_tax", [False, True])
def test_an_order_keeps_the_quoted_price_when_the_customer_changes_a_quantity(open_work, shop, includes_tax):
    with open_work() as work:
        customer = makers.customer_of(work, shop)
        for one in work.session.query(makers.PriceList):
            one.includes_tax = includes_tax
        work.session.flush()
        row = {"sku": "BOLT", "quantity": Decimal(3), "unit_price": Decimal("1.99"), "discount_percent": Decimal(5)}
        quote = quote_entry.create(work, customer, lines=[row])
        FLOW.run_one("publish", quote)
        FLOW.run_one("accept", quote)
        order = FLOW.run_one("convert", quote)
        identity, [line] = order.id, order.lines
        wanted = [{"id": line.id, "sku": "BOLT", "quantity": Decimal(6)}]
    with open_work(buyer(shop)) as work:
        order = work.session.get(Order, identity)
        with scope.lifted(work, "as the steps of an order do"):
            entry.set_lines(order, wanted, work)
        [line] = order.lines
        assert (line.unit_price, line.discount_percent, order.includes_tax) == (Decimal("1.99"), 5, includes_tax)
        assert order.total_gross == Decimal("11.34")


def test_a_setting_makes_the_order_with_the_acceptance(open_work, shop):
    with open_work() as work:
        setting(work, "ORDER_ON_QUOTE_ACCEPT", True)
        quote = makers.make_quote(work, makers.customer_of(work, shop))
        identity = quote.id
    with open_work(buyer(shop)) as work:
        made = FLOW.run_one("accept", identity)
        assert isinstance(made, Order) and made.state == "submitted"
        assert work.session.get(Quote, identity).converted_at == work.now
        with refused("already_converted", work):
            FLOW.run_one("convert", identity)


def test_free_text_is_ordered_under_the_product_kept_for_it(open_work, shop):
    with open_work() as work:
        rows = [{"name": "A gold screw", "quantity": Decimal(2), "unit_price": Decimal(50)}]
        quote = quote_entry.create(work, makers.customer_of(work, shop), lines=rows)
        FLOW.run_one("publish", quote)
        FLOW.run_one("accept", quote)
        makers.make_product(work, sku="FREE", service=True)
        setting(work, "QUOTE_FREE_TEXT_SKU", "FREE")
        order = FLOW.run_one("convert", quote)
        assert [(line.sku, line.name, line.net) for line in order.lines] == [("FREE", "A gold screw", 100)]


def test_what_was_published_is_sealed(open_work, shop):
    with open_work() as work:
        quote = makers.make_quote(work, makers.customer_of(work, shop))
        quote.lines[0].unit_price = Decimal(1)
        with refused("frozen"):
            work.session.flush()
        work.session.rollback()


def test_an_offer_ends_with_its_last_day_at_the_branch(open_work, shop, work):
    with open_work() as early:
        branch = early.session.get(Branch, 1)
        branch.timezone = "Asia/Shanghai"
        quote = makers.make_quote(early, makers.customer_of(early, shop), valid_until=TODAY)
        identity = quote.id
        assert quotes.overdue(early) == []
        with refused("not_over", early):
            FLOW.run_one("expire", identity)
        early.now = early.now.replace(hour=16, minute=30)  # half past midnight in Shanghai
        assert quotes.overdue(early) == [identity]
        with refused("expired", early):
            FLOW.run_one("accept", identity)
        FLOW.run("expire", quotes.overdue(early))
        assert quote.state == "expired"
        FLOW.run_one("reopen", quote)
        assert (quote.state, revisions.working(quote).revision) == ("requested", 2)


def test_customers_are_reminded_once_for_each_last_day(open_work, shop):
    with open_work() as work:
        quote = makers.make_quote(work, makers.customer_of(work, shop), valid_until=TODAY + timedelta(days=3))
        with statements(work) as sent:
            assert quotes.warn(work) == [], "off unless a setting says how early"
        assert not [one for one in sent if "FROM quotes" in one], "and then nothing is read either"
        setting(work, "QUOTE_WARN_DAYS", 3)
        assert quotes.warn(work) == [quote.id] and quotes.warn(work) == []
        FLOW.run_one("revise", quote)
        quote_entry.change(quote, work, valid_until=TODAY + timedelta(days=2))
        FLOW.run_one("publish", quote)
        assert quotes.warn(work) == [quote.id], "another last day is another reminder"
        settings_pages.put("QUOTE_WARN_DAYS", "branch", 1, 90, work)
        far = makers.make_quote(work, makers.customer_of(work, shop), valid_until=TODAY + timedelta(days=80))
        assert quotes.warn(work) == [far.id], "as early as any setting says"


def test_a_copy_begins_anew_without_prices_for_the_customer(open_work, shop):
    with open_work() as work:
        quote = makers.make_quote(work, makers.customer_of(work, shop))
        ours = FLOW.run_one("copy", quote)
        assert (ours.state, ours.origin, revisions.working(ours).total_net) == ("draft", "staff", 20)
        identity = quote.id
    with open_work(buyer(shop)) as work:
        mine = FLOW.run_one("copy", identity)
        assert (mine.state, mine.origin, mine.revision) == ("draft", "customer", 0)
        assert [(line.unit_price, line.quantity) for line in mine.all_lines] == [(None, 2)]
        FLOW.run_one("submit", mine)


def test_a_customer_takes_back_a_request_but_declines_an_offer(open_work, shop):
    identity = ask(open_work, shop)
    with open_work() as work:
        offered = makers.make_quote(work, makers.customer_of(work, shop)).id
    with open_work(buyer(shop)) as work:
        FLOW.run_one("cancel", identity)
        with refused("offered", work):
            FLOW.run_one("cancel", offered)
        FLOW.run_one("reject", offered, reason="Too dear")
        assert work.session.get(Quote, offered).state == "rejected"


def test_a_foreign_address_is_refused_and_a_new_one_goes_into_the_book(open_work, shop):
    with open_work() as work:
        rival = makers.make_customer(work, "Rival Ltd")
        foreign = makers.make_address(work, rival).id
        customer = makers.customer_of(work, shop)
        rows = [{"sku": "BOLT", "quantity": Decimal(1)}]
        with refused("bad_reference", work):
            quote_entry.create(work, customer, lines=rows, delivery_address_id=foreign)
        new = {"recipient": "Acme", "street": "2 Low Street", "city": "York", "country_code": "GB"}
        quote = quote_entry.create(work, customer, lines=rows, address=new)
        work.session.flush()
        assert quote.delivery_address.city == "York"


def test_history_of_a_quote_tells_its_steps(open_work, shop):
    identity = ask(open_work, shop)
    with open_work() as work:
        FLOW.run_one("take", identity)
    with open_work() as work:
        rows = work.session.query(History).filter_by(noun="quote", record_id=identity).order_by(History.id)
        assert [row.action for row in rows] == ["create", "quote.submit", "quote.take"]
