"""The real application with the demo company behind a real server, and people at a real browser.

Every page listens: a report of the Content-Security-Policy, an error of a script or a message on the console fails
the test that opened it.
"""

import contextlib
import threading

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from werkzeug.serving import make_server

import config
from app import setup
from app.core import work
from app.extensions import db
from app.jobs.runner import run_pending
from tests import cluster, company
from tests.conftest import connected
from tests.people import PASSWORD

PATIENCE = 30_000  # milliseconds; the machine may be busy with other tests
LISTEN = """
document.addEventListener("securitypolicyviolation", (event) =>
  saidPolicy(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
for (const name of ["pointerdown", "mousedown", "touchstart"])
  document.addEventListener(name, (event) => { if (event.isTrusted) saidPointer(name); }, true);
"""


@pytest.fixture(scope="module")
def server(web, own_database):
    """The address of the application on the demo company as it was made."""
    own_database.fresh(company.ready())
    with web.app_context():
        connected(db.engine, own_database)
        with work.work(work.Actor.system("init"), db.session) as one:
            setup.create_admin(one, PASSWORD)
    running = make_server("127.0.0.1", 0, web, threaded=True)
    running.daemon_threads = False  # closing waits for what is still being answered
    thread = threading.Thread(target=running.serve_forever)
    with company.stored():
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()
    running.server_close()


@pytest.fixture
def jobs(server, web, database_name):
    """`jobs()` lets the worker do everything that waits."""
    url = cluster.url_of(database_name)
    engine = create_engine(url, **config.engine_options(url))
    yield lambda: run_pending(sessionmaker(engine), app=web)
    engine.dispose()


@pytest.fixture(scope="module")
def signed():
    """Cookies of the people who have signed in already: {user name: state}."""
    return {}


class Person:
    """Somebody at a browser: his page, and what it had to say."""

    def __init__(self, context):
        self.context, self.complaints, self.pointed = context, [], []
        self.expected = set()  # texts of console messages that belong to the test: a refusal is a 422
        context.set_default_timeout(PATIENCE)
        context.expose_function("saidPolicy", lambda text: self.complaints.append(f"policy: {text}"))
        context.expose_function("saidPointer", lambda name: self.pointed.append(name))
        context.add_init_script(LISTEN)
        self.page = context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))

    def _console(self, message):
        if message.type in ("error", "warning") and not any(text in message.text for text in self.expected):
            self.complaints.append(f"console: {message.text} {message.location.get('url', '')}")

    def visit(self, path):
        """Open a page and wait until its scripts have begun."""
        self.glance(path)
        self.page.wait_for_load_state("networkidle")
        return self.page

    def glance(self, path):
        """Open a page."""
        answer = self.page.goto(path)
        assert answer.status == 200, (path, answer.status)

    def sign_in(self, username):
        """Through the form, as everybody does."""
        page = self.visit("/login/")
        page.fill("#username", username)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        return page

    def press(self, name, role="button"):
        """Press what is called so, as its reader calls it, and be on the page that answers."""
        with self.page.expect_navigation():
            self.page.get_by_role(role, name=name, exact=True).click()
        return self.page

    def step(self, name, files=None, **given):
        """Take a step by its button, with what its dialog asks for, and be on the page that answers.

        :param name: what the button is called in the reader's language
        """
        self.page.locator("header").get_by_role("button", name=name, exact=True).click()
        dialog = self.page.get_by_role("dialog", name=name)
        for field, value in given.items():
            dialog.locator(f'[name="{field}"]').fill(value)
        if files:
            dialog.locator('input[type="file"]').set_input_files(files)
        with self.page.expect_navigation():
            dialog.get_by_role("button", name=name, exact=True).click()
        return self.page

    def why_not(self, name):
        """Why a step cannot be taken now, as its button says."""
        button = self.page.locator("header").get_by_role("button", name=name, exact=True)
        assert button.get_attribute("aria-disabled") == "true", name
        return self.page.inner_text(f"#{button.get_attribute('aria-describedby')}")

    def choose(self, label, text):
        """Choose a record in a field that asks the server while one types."""
        box = self.page.get_by_role("combobox", name=label)
        box.fill(text)
        self.page.get_by_role("option", name=text).first.click()

    def fits(self):
        """Whether the page is no wider than its window."""
        wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        return self.page.evaluate(wide)

    def focused(self, selector):
        """Whether the keyboard is at such an element."""
        return self.page.evaluate("(selector) => document.activeElement.matches(selector)", selector)


@pytest.fixture
def person(browser, server, signed):
    """`person("buyer1", width=360)` is somebody who has signed in; None: a newcomer. Fails on any complaint."""
    with contextlib.ExitStack() as opened:
        everybody = []

        def come(username=None, width=1400, locale="en-GB"):
            state = signed.get(username)
            context = browser.new_context(
                base_url=server, viewport={"width": width, "height": 900}, locale=locale, storage_state=state
            )
            opened.callback(context.close)
            found = Person(context)
            everybody.append(found)
            if username and state is None:
                found.sign_in(username)
                signed[username] = context.storage_state()
            return found

        yield come
        assert [text for one in everybody for text in one.complaints] == []
