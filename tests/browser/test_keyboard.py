"""A list and a record worked by keyboard alone: rows, ticks, steps on many, filters, columns, help."""


def current(page):
    """The number of the row the keyboard is at."""
    return page.evaluate("[...document.querySelectorAll('tbody tr')].findIndex((row) => row.matches('.is-current'))")


def tab_to(person, selector, most=60):
    """Press Tab until an element has the focus; fails where the keyboard never comes there."""
    for _step in range(most):
        if person.focused(selector):
            return
        person.page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard never reaches {selector}")


def test_a_list_is_worked_without_a_mouse(person):
    reviewer = person("reviewer")
    page = reviewer.visit("/orders/list/?state=submitted")
    reviewer.pointed.clear()
    press = page.keyboard.press
    press("j")
    press("ArrowDown")
    assert current(page) == 1, "j goes into the list, from there the arrows go on"
    press("k")
    press("x")
    press("j")
    press("x")
    assert page.locator("tbody [data-pick]:checked").count() == 2
    press("b")
    assert reviewer.focused("[data-bulk] button"), "to what can be done with the ticked rows"
    tab_to(reviewer, '[data-open-dialog="bulk-approve"]')
    press("Enter")
    page.wait_for_selector("#bulk-approve[open]")
    press("Escape")
    assert page.locator("dialog[open]").count() == 0, "no dialog holds the keyboard"
    press("Enter")
    tab_to(reviewer, '#bulk-approve button[name="trial"]')
    press("Enter")
    page.wait_for_url("**/runs/show/*")
    assert "Nothing was changed" in page.inner_text("[data-progress-text]")
    assert reviewer.pointed == []


def test_the_keys_lead_past_what_is_hidden(person):
    reviewer = person("reviewer")
    page = reviewer.visit("/orders/list/")
    for key in ("j", "x", "b"):
        page.keyboard.press(key)
    assert page.locator("[data-pick-matching][hidden]").count() == 1, "more match than the page shows"
    assert reviewer.focused("[data-pick-none]")
    page = reviewer.visit("/orders/list/?state=submitted")
    page.keyboard.press("f")
    assert reviewer.focused("#filters [name=number]"), "past the state that is kept"
    page.keyboard.type("SO-")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "state=submitted" in page.url and "number=SO-" in page.url


def test_a_filter_is_saved_and_columns_are_chosen_by_keys(person):
    reviewer = person("reviewer")
    page = reviewer.visit("/orders/list/?least=1")
    press = page.keyboard.press
    reviewer.pointed.clear()
    press("?")
    page.wait_for_selector("#keys[open]")
    press("Escape")
    press("s")
    tab_to(reviewer, '[data-open-dialog="save-filter"]')
    press("Enter")
    page.wait_for_selector("#save-filter[open]")
    assert reviewer.focused("#filter-name")
    page.keyboard.type("Not for nothing")
    with page.expect_navigation():
        press("Enter")
    page.wait_for_selector(".alert, [role=status]")
    press("s")
    assert "Not for nothing" in page.inner_text("[data-key-saved] .drop-menu")
    press("Escape")
    press("c")
    page.wait_for_selector("#choose-columns[open]")
    tab_to(reviewer, '[data-column]:nth-child(2) [data-move="up"]')
    second = page.get_attribute("[data-column]:nth-child(2) input", "value")
    press("Enter")
    assert page.get_attribute("[data-column]:nth-child(1) input", "value") == second
    assert reviewer.focused('[data-column]:nth-child(1) [data-move="up"]'), "the keyboard goes along"
    tab_to(reviewer, "#choose-columns .btn-primary", most=120)
    with page.expect_navigation():  # the page with the chosen columns, not the one that is still there
        press("Enter")
    assert page.locator("table[data-rows] th[scope=col]").nth(1).inner_text() == "Number"
    assert reviewer.pointed == []


def test_a_record_is_opened_and_worked_by_keys(person):
    reviewer = person("reviewer")
    page = reviewer.visit("/orders/list/?state=submitted")
    reviewer.pointed.clear()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/show/*")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("b")
    assert reviewer.focused(".page-head [data-open-dialog]")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0 and reviewer.pointed == []
