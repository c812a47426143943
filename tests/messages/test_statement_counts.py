"""How many statements the pages of billing and service take, whatever lies behind them."""

import pytest
from sqlalchemy import event

from app.extensions import db
from app.rules import tickets
from tests import makers

MOST = {  # page -> (who, statements)
    "/": ("admin", 15),
    "/portal/": ("buyer1", 18),
    "/invoices/list/": ("finance", 12),
    "/payments/list/": ("finance", 12),
    "/contracts/list/": ("reviewer", 12),
    "/tickets/list/": ("support", 12),
    "/messages/list/": ("reviewer", 12),
    "/documents/list/": ("reviewer", 12),
    "/notifications/list/": ("reviewer", 12),
}


@pytest.fixture
def house(people, open_work):
    with open_work() as work:
        one = makers.customer_of(work, people.one)
        for _number in range(3):
            makers.make_invoice(work, one)
            makers.make_contract(work, one)
            ticket = tickets.open_ticket(one.id, "Late", "Where?", work)
            tickets.reply(ticket, "Here.", work)
            makers.make_payment(work, one)


@pytest.mark.parametrize("url", MOST)
def test_pages_stay_within_their_statements(house, site, sign_in, url):
    who, most = MOST[url]
    client, seen = sign_in(who), []
    client.page(url)

    def note(connection, cursor, statement, parameters, context, executemany):
        seen.append(statement)

    with site.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        client.page(url)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(seen) <= most, "\n".join(one.replace("\n", " ")[:160] for one in seen)
