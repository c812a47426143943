"""The pictures of the README, from a running demo: `python -m tests.browser.pictures http://HOST:PORT PASSWORD`."""

import pathlib
import sys

from playwright.sync_api import sync_playwright

from tests.browser import chromium

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "docs" / "images"
PICTURES = (  # name, who, language, where: an address, or a link on it to follow
    ("orders", "reviewer", "en", "/orders/list/?state=submitted", None),
    ("order", "reviewer", "en", "/orders/list/?state=submitted", "tbody tr:nth-child(3) td.main-cell a"),
    ("portal-fa", "fa", "fa", "/portal/", None),
)


def main(address, password):
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        for name, username, locale, path, link in PICTURES:
            context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 800}, locale=locale)
            page = context.new_page()
            page.goto("/login/")
            page.fill("#username", username)
            page.fill("#password", password)
            page.press("#password", "Enter")
            page.wait_for_url(lambda url: "/login" not in url)
            page.goto(path)
            if link:
                page.click(link)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=FOLDER / f"{name}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
