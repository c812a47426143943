"""Customers fill carts at their browsers: nothing reloads, the total follows, the order is made once."""

import re

import pytest


def figure(text):
    return re.sub(r"\D", "", text)


def test_a_cart_is_filled_from_the_grid_changed_in_place_and_ordered(person):
    buyer = person("buyer1")
    page = buyer.visit("/products/list/?q=TW-106")
    page.evaluate("window.same = true")
    before = page.get_attribute('[data-counter="cart"]', "title")
    page.fill(".product-card [name=quantity]", "12")
    page.click(".product-card .put button")
    page.wait_for_selector("#toasts .alert-success")
    assert page.get_attribute('[data-counter="cart"]', "title") != before
    assert page.evaluate("window.same") is True  # the page was not loaded anew
    page.click('[data-counter="cart"]')
    page.wait_for_url("**/carts/show/*")
    page.evaluate("window.same = true")
    row = page.locator("tr", has_text="TW-106")
    total = page.inner_text("#cart-totals .grand dd")
    row.locator("[name^=quantity-]").fill("24")
    changed = "(before) => document.querySelector('#cart-totals .grand dd').innerText !== before"
    page.wait_for_function(changed, arg=total)
    row.locator("[name^=quantity-]").fill("0.5")
    page.wait_for_selector("tr .cart-why.bad")
    assert page.evaluate("window.same") is True
    row.locator("[name^=quantity-]").fill("24")
    page.wait_for_function("() => !document.querySelector('tr .cart-why.bad')")
    page.click("#cart-go a")
    page.wait_for_url("**/carts/checkout/*")
    assert not page.is_visible("[name=new_street]")
    page.select_option("[name=delivery_address]", "new")
    assert page.is_visible("[name=new_street]")
    page.select_option("[name=delivery_address]", index=0)
    page.fill("[name=reference]", "CART-1")
    page.click("form[data-checkout] .btn-primary")
    page.wait_for_url("**/carts/review/*")
    shown = page.inner_text("#cart-totals .grand dd")
    page.click("form[data-once] button")
    page.wait_for_url("**/orders/show/*")
    text = page.inner_text("main")
    assert "CART-1" in text
    assert shown in text


@pytest.mark.parametrize("username", ["buyer1", "fa"])
def test_carts_and_catalogue_fit_a_telephone(person, username):
    buyer = person(username, width=360)
    page = buyer.visit("/carts/mine")
    pk = figure(page.url.rpartition("/")[2])
    for path in ("/carts/mine", f"/carts/checkout/{pk}", f"/carts/review/{pk}", "/products/list/", "/carts/list/"):
        buyer.visit(path)
        assert buyer.fits(), path
