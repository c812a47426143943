"""At their browsers: the Russian shop from the order form to the merged order on its way; taking back, splitting."""

import re

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

import config
from app.core.work import Actor, work
from models.orders import OrderType
from tests import cluster
from tests.order_forms import books

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def from_stock(server, database_name):
    """Orders are confirmed from stock by themselves, as the shop's manual says."""
    url = cluster.url_of(database_name)
    engine = create_engine(url, **config.engine_options(url))
    with sessionmaker(engine)() as session, work(Actor.system("test"), session) as one:
        one.session.get(OrderType, 1).confirmation = "auto_stock_check"
    engine.dispose()


def ordered(page, reference, *rows, file=True):
    """Send an order form, as a file or as pasted rows, and order from it; the address of the order."""
    page.goto("/order_forms/add")
    if file:
        page.set_input_files("input[name=file]", {"name": "order.xlsx", "mimeType": XLSX,
                                                  "buffer": books.xlsx(books.HEAD, *rows)})  # fmt: skip
    else:
        page.fill("textarea[name=rows]", "\n".join(f"{sku}; {many}" for sku, *_empty, many in rows))
    page.click(".form-foot .btn-primary")
    page.wait_for_url("**/order_forms/show/*")
    page.click("[data-open-dialog='do-order']")
    page.fill("dialog[open] input[name=reference]", reference)
    page.click("dialog[open] .buttons .btn-primary")
    page.wait_for_selector(".badge[data-state=ordered]")
    return page.get_attribute("a[href^='/orders/show/']", "href")


def take(page, step):
    """Press the button of a step and confirm it."""
    page.click(f"[data-open-dialog='do-{step}']")
    page.click("dialog[open] .buttons .btn-primary")
    page.wait_for_load_state("networkidle")


def merge(buyer, *orders):
    """Tick orders in the list and go to the page that shows what becomes of them."""
    page = buyer.visit("/orders/list/?view=all")
    for one in orders:
        page.check(f"tr[data-url='{one}'] [data-pick]")
    page.click("form[data-bulk-form=merge] button")
    page.wait_for_url("**/orders/merge?*")
    return page


def test_the_russian_shop_from_the_order_form_to_the_way(person, jobs, from_stock):
    buyer = person("ru")
    page = buyer.visit("/portal/")
    first = ordered(page, "ЗК-1", ("TW-101", "", "", "", 24), ("SP-606", "", "", "", 2))
    jobs()
    page = buyer.visit(first)
    assert page.is_visible("h1 ~ .badge[data-state=changed]") and page.is_visible("#changes")  # one line is not there
    page.click("[data-key-edit]")
    page.wait_for_url("**/orders/edit/*")
    page.locator("[data-lines] [data-quantity]").first.fill("12")
    page.click("[data-submit-order]")
    page.wait_for_url("**/orders/show/*")
    second = ordered(page, "ЗК-2", ("TW-101", "", "", "", 6), file=False)
    jobs()
    for one in (first, second):
        assert buyer.visit(one).is_visible("h1 ~ .badge[data-state=confirmed]"), one
    page = merge(buyer, first, second)
    assert "18" in page.inner_text("#result") and "SP-606" in page.inner_text("#result")
    page.click("button[value=merge]")
    page.wait_for_url("**/orders/show/*")
    made = re.search(r"/orders/show/\d+", page.url)[0]
    jobs()
    assert buyer.visit(made).is_visible("h1 ~ .badge[data-state=submitted]")  # a manager confirms it
    manager = person("reviewer")
    take(manager.visit(made), "approve")
    page = buyer.visit(made)
    take(page, "release")
    assert page.is_visible("h1 ~ .badge[data-state=released]")
    assert buyer.visit(first).is_visible("h1 ~ .badge[data-state=warning]")  # marked for deletion


def test_two_orders_are_ticked_looked_at_merged_and_taken_back(person):
    buyer = person("buyer1")
    page = buyer.visit("/portal/")
    first = ordered(page, "MERGE-1", ("TW-101", "", "", "", 24), ("TW-103", "", "", "", 36))
    second = ordered(page, "MERGE-2", ("TW-101", "", "", "", 12), file=False)
    page = merge(buyer, first, second)
    assert re.search(r"TW-101.*36.*Added up", page.inner_text("#result"), re.DOTALL)
    page.click("button[value=merge]")
    page.wait_for_url("**/orders/show/*")
    made = page.url
    assert "MERGE-1, MERGE-2" in page.inner_text("main") and "Where the lines come from" in page.inner_text("#origins")
    page.goto(first)
    assert "Marked for deletion" in page.inner_text(".page-head")
    page.click(".page-head .buttons a.btn >> nth=0")
    page.wait_for_url(made)
    take(page, "unmerge")
    page.goto(second)
    assert "Submitted" in page.inner_text(".page-head") and "Marked for deletion" not in page.inner_text(".page-head")
    page.click("a[href*='/orders/split/']")
    page.wait_for_url("**/orders/split/*")
    page.fill("input[name^=quantity-]", "5")
    page.click(".form-foot .btn-primary")
    page.wait_for_url("**/orders/show/*")
    assert "Split from" in page.inner_text("main")


def test_the_pages_fit_a_telephone_right_to_left(person):
    buyer = person("fa", width=360)
    page = buyer.visit("/orders/list/?view=all")
    urls = page.eval_on_selector_all("tr[data-url]", "rows => rows.map((row) => row.dataset.url)")
    ids = [url.rpartition("/")[2] for url in urls][:3]
    for path in ("/orders/merge?" + "&".join(f"id={one}" for one in ids), f"/orders/split/{ids[0]}"):
        buyer.visit(path)
        assert buyer.fits(), path
