"""The customer's home page: what we wait for comes before what he has begun; all is counted, and found (UI-13)."""

import re

import pytest

from app.rules import orders, wizard_drafts
from benchmarks.statements import counted
from models.customers import Customer
from models.quotes import Quote
from tests import makers


@pytest.fixture
def make(people, open_work):
    """`make("draft", 7)` makes so many orders of the first customer in a state; their ids."""

    def made(state, many, **values):
        with open_work() as work:
            customer = work.session.get(Customer, people.one)
            product = makers.make_product(work, price="10", stock_of=900)
            found = []
            for _n in range(many):
                order = makers.make_order(work, customer, (product, 1))
                for verb in {"draft": (), "changed": ("submit", "amend"), "confirmed": ("submit", "approve")}[state]:
                    orders.FLOW.run_one(verb, order)
                for name, value in values.items():
                    setattr(order, name, value)
                found.append(order.id)
            return found

    return made


@pytest.fixture
def quotes(people, open_work):
    """`quotes(6)` makes so many offers to the first customer."""

    def made(many):
        with open_work() as work:
            customer = work.session.get(Customer, people.one)
            return [makers.make_quote(work, customer).id for _n in range(many)]

    return made


@pytest.fixture
def home(sign_in):
    """What waits for the buyer: the badge, and [(address, text)] of the lines."""

    def read():
        card = sign_in("buyer1").page("/portal/").split("What waits for you</h2>")[1].split("</section>")[0]
        badge = re.search(r'^<span class="count">([^<]*)<', card)
        lines = re.findall(r'<li><a href="([^"]+)">(.*?)</a></li>', card, re.DOTALL)
        plain = [(where, " ".join(re.sub(r"<[^>]+>", " ", text).split())) for where, text in lines]
        return badge and badge[1], [(where.replace("&amp;", "&"), text) for where, text in plain]

    return read


def orders_of(lines):
    return [int(where.rsplit("/", 1)[1]) for where, _text in lines if where.startswith("/orders/show/")]


def test_what_we_wait_for_comes_before_what_he_has_begun(make, home, quotes):
    changed, confirmed = make("changed", 5, changed_side="staff"), make("confirmed", 2)
    (proposed,) = make("changed", 1, proposed_side="staff")
    drafts, offers = make("draft", 7), quotes(1)
    badge, lines = home()
    assert orders_of(lines) == [proposed, *reversed(changed), *sorted(confirmed, reverse=True), *drafts[:1:-1]]
    assert [where for where, _text in lines][6] == f"/quotes/show/{offers[0]}"
    assert badge == "16"
    assert lines[-1] == ("/orders/list/?state=draft", "Order drafts Show all 7")


def test_changes_of_ours_come_before_his_own(make, home):
    ours, own = make("changed", 2, changed_side="staff"), make("changed", 5, changed_side="customer")
    badge, lines = home()
    assert orders_of(lines) == [*reversed(ours), *own[:1:-1]] and badge == "7"
    assert lines[-1] == ("/orders/list/?state=changed", "Changed orders Show all 7")


def test_the_way_to_the_rest_of_the_quotes_is_there(home, quotes, sign_in):
    quotes(7)
    badge, lines = home()
    assert badge == "7" and lines[-1] == ("/quotes/list/?state=offered", "Offers to answer Show all 7")
    assert len(lines) == 6
    listed = sign_in("buyer1").page(lines[-1][0])
    assert len(set(re.findall(r'data-url="(/quotes/show/\d+)"', listed))) == 7


def test_more_than_the_cap_is_said_so(make, home, people, open_work):
    with open_work() as work:
        work.session.add_all([Quote(customer_id=people.one, branch_id=1, currency_code="GBP", locale="en")
                              for _n in range(110)])  # fmt: skip
    make("draft", 1)
    badge, lines = home()
    assert badge == "99+" and "Quote drafts Show all 99+" in [text for _where, text in lines]


def test_the_page_sends_the_same_however_much_waits(make, home, sign_in):
    buyer = sign_in("buyer1")

    def sent():
        buyer.page("/portal/")
        with counted() as found:
            buyer.page("/portal/")
        return len(found)

    for state in ("draft", "changed", "confirmed"):
        make(state, 1)
    few = sent()
    for state in ("draft", "changed", "confirmed"):
        make(state, 9)
    assert sent() == few


def test_drafts_of_services_are_counted_and_lead_to_their_list(home, people, open_work, sign_in):
    with open_work() as work:
        service = makers.make_service(work).id
        for _n in range(6):
            wizard_drafts.begin(service, work, customer=people.one)
    badge, lines = home()
    assert badge == "6" and lines[-1] == ("/wizard_drafts/list/?state=open", "Unfinished orders Show all 6")
    buyer = sign_in("buyer1")
    listed = buyer.page(lines[-1][0])
    assert len(set(re.findall(r'data-url="(/wizard_drafts/show/\d+)"', listed))) == 6
    for where in ("/work_stages/list/?state=shown", "/orders/list/?proposed_side=staff"):
        assert buyer.get(where).status_code == 200


def test_nothing_waits_for_who_has_nothing(home):
    assert home() == (None, [])
