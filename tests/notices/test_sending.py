"""Mail by a real SMTP server on loopback: down, up, refusing; as files; by SMS provider."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

import config
from app.core.errors import Conflict
from app.jobs import Runner
from app.notices import fate, mail, sms
from app.rules import notifications
from models.notifications import Notification
from tests.conftest import NOW


class Mailman:
    """Keeps what it takes; answers as the test wants."""

    def __init__(self):
        self.mails, self.answers = [], {}

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


class Listening(Controller):
    """aiosmtpd that signs people in without encryption, as on loopback we do."""

    def factory(self):
        def right(server, session, envelope, mechanism, data):
            return AuthResult(success=(data.login, data.password) == (b"serai", b"s3cret/word"), handled=False)

        return SMTP(self.handler, authenticator=right, auth_require_tls=False)


class PostOffice:
    """A mail server on a port of its own that can be down for a while."""

    def __init__(self):
        self.handler, self.port, self.running = Mailman(), free_port(), None

    def start(self):
        self.running = Listening(self.handler, hostname="127.0.0.1", port=self.port)
        self.running.start()

    def stop(self):
        if self.running is not None:
            self.running.stop()
        self.running = None


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def post(mailbox, monkeypatch):
    """A mail server that runs; `post.start()` and `post.stop()`."""
    server = PostOffice()
    server.start()
    monkeypatch.setattr(config, "MAIL_URL", f"smtp://127.0.0.1:{server.port}?from=shop@example.com")
    yield server
    server.stop()


@pytest.fixture
def letter(open_work):
    """`letter(**values)` writes one waiting notification and promises its sending; its id."""

    def write(**values):
        given = {"customer_id": 0, "noun": "order", "record_id": 1, "name": "order_received", "to": "ann@example.com",
                 "locale": "en", "subject": "We have received order SO-1", "body": "Hello\n", "html": "<p>Hello</p>"}
        with open_work() as work:
            row = Notification(**given | values)
            work.session.add(row)
            work.session.flush()
            notifications.queue.defer(work, "notices.send", {"notification_id": row.id})
            return row.id

    return write


@pytest.fixture
def look(open_work):
    """A notification as it stands."""

    def looking(identity):
        with open_work() as work:
            row = work.session.get(Notification, identity)
            work.session.expunge(row)
        return row

    return looking


def test_a_mail_reaches_the_server(post, letter, look, run_jobs):
    identity = letter()
    assert run_jobs() == ["notices.send"]
    (arrived,) = post.handler.mails
    assert arrived["Subject"] == "We have received order SO-1" and arrived["From"] == "Serai <shop@example.com>"
    assert look(identity).state == "sent" and look(identity).sent_at == NOW and look(identity).attempts == 1


def test_a_server_that_is_down_gets_it_when_it_is_up(post, letter, look, run_jobs):
    post.stop()
    identity = letter()
    run_jobs()
    waiting = look(identity)
    assert waiting.state == "waiting" and waiting.attempts == 1
    assert waiting.error.startswith("unreachable: ")
    assert str(fate.in_words(waiting.error)[0]) == "The mail server cannot be reached."
    assert run_jobs() == []  # not before its pause is over
    post.start()
    assert run_jobs(now=NOW + timedelta(seconds=59)) == []
    assert run_jobs(now=NOW + timedelta(seconds=60)) == ["notices.send"]
    assert look(identity).state == "sent" and look(identity).error == ""
    assert len(post.handler.mails) == 1


def test_after_days_of_trying_it_is_given_up(post, letter, look, run_jobs):
    post.stop()
    identity = letter()
    assert len(run_jobs(ahead=True)) == 25
    assert look(identity).state == "failed" and look(identity).attempts == 25


def test_a_refused_address_is_final_and_says_so(post, letter, look, run_jobs):
    post.handler.answers["ann@example.com"] = "550 no such mailbox"
    identity = letter()
    run_jobs(ahead=True)
    row = look(identity)
    assert row.state == "failed" and row.error == "recipient: 550 no such mailbox"


def test_a_busy_server_is_asked_again(post, letter, look, run_jobs):
    post.handler.answers["DATA"] = "451 try later"
    identity = letter()
    run_jobs()
    assert look(identity).state == "waiting" and "451" in look(identity).error
    del post.handler.answers["DATA"]
    run_jobs(ahead=True)
    assert look(identity).state == "sent"


def test_a_bad_address_is_final(post, letter, look, run_jobs):
    identity = letter(to="ann@example.com\r\nBcc: victim@example.com")
    run_jobs(ahead=True)
    assert look(identity).state == "failed" and post.handler.mails == []


def test_the_password_is_used_and_never_told(post, letter, look, run_jobs, monkeypatch):
    wrong, right = (f"smtp://serai:{word}@127.0.0.1:{post.port}" for word in ("other%2Fword", "s3cret%2Fword"))
    monkeypatch.setattr(config, "MAIL_URL", wrong)
    identity = letter()
    run_jobs()
    row = look(identity)
    assert row.state == "waiting" and row.error.startswith("sign_in: ") and "other" not in row.error
    monkeypatch.setattr(config, "MAIL_URL", right)
    run_jobs(ahead=True)
    assert look(identity).state == "sent"
    assert mail._without_password("x s3cret/word s3cret%2Fword") == "x *** ***"


def test_a_password_never_travels_in_the_clear(monkeypatch):
    class Plain:
        def __init__(self, *args, **more):
            pass

        def ehlo_or_helo_if_needed(self):
            pass

        def has_extn(self, name):
            return False

        def close(self):
            pass

        def login(self, *args):
            raise AssertionError("the password went out")

    monkeypatch.setattr(mail.smtplib, "SMTP", Plain)
    with pytest.raises(mail.Undelivered) as reason:
        mail._by_smtp(None, mail.server("smtp://me:secret@mail.example.com"))
    assert "no encryption" in reason.value.detail


def test_every_attempt_has_the_same_message_id_and_a_wanted_repeat_another(post, letter, look, run_jobs, open_work):
    identity = letter()
    before = mail.message_id(look(identity))
    run_jobs()
    with open_work() as work:
        notifications.FLOW.run_one("resend", work.session.get(Notification, identity))
    with open_work() as work, pytest.raises(Conflict):
        notifications.FLOW.run_one("resend", work.session.get(Notification, identity))
    run_jobs()
    first, second = post.handler.mails
    assert first["Message-ID"] == before and second["Message-ID"] != before
    assert look(identity).state == "sent"


def test_running_the_job_twice_sends_once(post, letter, run_jobs, open_work):
    identity = letter()
    with open_work() as work:
        notifications.queue.defer(work, "notices.send", {"notification_id": identity})
    assert run_jobs() == ["notices.send", "notices.send"]
    assert len(post.handler.mails) == 1


def test_two_workers_at_once_send_once(post, letter, open_work, sessions, flask_app):
    identity = letter()
    runners = [
        threading.Thread(target=Runner(sessions, flask_app).run, args=("notices.send", {"notification_id": identity}))
        for _ in range(4)
    ]
    for one in runners:
        one.start()
    for one in runners:
        one.join()
    assert len(post.handler.mails) == 1


def test_without_a_server_a_mail_is_one_file_however_often_it_is_written(letter, look, run_jobs, mailbox):
    identity = letter(locale="fa", subject="سفارش")
    row = look(identity)
    run_jobs()
    (path,) = mailbox.iterdir()
    content = path.read_bytes()
    branch = type("Branch", (), {"legal_name": "Serai", "email": ""})
    mail.deliver(mail.message(row, branch, [], row.body, row.html), row)  # as after a crash before the commit
    assert [path] == list(mailbox.iterdir()) and path.suffix == ".eml"
    assert message_from_bytes(content, policy=policy.default)["Subject"] == "سفارش"
    assert path.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_is_told(letter, look, run_jobs, mailbox):
    mailbox.write_text("in the way")
    identity = letter()
    run_jobs()
    assert look(identity).state == "waiting" and look(identity).error.startswith("unwritable")


@pytest.mark.parametrize(
    "url, host, port, tls",
    [
        ("smtp://mail.example.com", "mail.example.com", 25, False),
        ("smtp://me:x@mail.example.com", "mail.example.com", 587, False),
        ("smtps://me:x@mail.example.com", "mail.example.com", 465, True),
        ("smtp://me%40x:p%3Aq@mail.example.com:2525?verify=no", "mail.example.com", 2525, False),
    ],
)
def test_the_address_of_a_mail_server(url, host, port, tls):
    found = mail.server(url)
    assert (found.host, found.port, found.implicit_tls) == (host, port, tls)
    assert found.verify is ("verify=no" not in url)


@pytest.mark.parametrize("url", ["mail.example.com", "http://mail", "smtp://"])
def test_what_is_no_mail_server_is_refused(url):
    with pytest.raises(ValueError):
        mail.server(url)


class Provider(BaseHTTPRequestHandler):
    """An SMS service as Apprise's json:// speaks to it."""

    got, status = [], 200

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Provider.got.append((self.path, body["message"]))
        self.send_response(Provider.status)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def provider(mailbox, monkeypatch):
    server = HTTPServer(("127.0.0.1", 0), Provider)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr(config, "SMS_URL", f"json://127.0.0.1:{server.server_port}/sms/{{to}}")
    Provider.got, Provider.status = [], 200
    yield Provider
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_sms_goes_to_the_provider(provider, letter, look, run_jobs):
    identity = letter(channel="sms", to="+44 7700 900123", body="Proforma invoice PF-1", html="")
    run_jobs()
    assert look(identity).state == "sent"
    assert provider.got == [("/sms/+447700900123", "Proforma invoice PF-1")]


def test_an_sms_the_provider_refuses_is_tried_again(provider, letter, look, run_jobs):
    provider.status = 500
    identity = letter(channel="sms", to="+447700900123", body="x", html="")
    run_jobs()
    assert look(identity).state == "waiting" and look(identity).error == "sms_provider"


def test_a_number_that_is_none_is_final(provider, letter, look, run_jobs):
    identity = letter(channel="sms", to="ask Ann", body="x", html="")
    run_jobs()
    assert look(identity).state == "failed" and provider.got == []


def test_the_number_is_the_last_part_of_the_providers_address():
    assert sms.address("kavenegar://key?a=b", "+98912") == "kavenegar://key/+98912?a=b"
    assert sms.address("json://host/{to}", "+98912") == "json://host/+98912"


def test_the_life_of_a_notification_is_sound():
    assert notifications.FLOW.problems() == []


# --- a worker that dies in the middle ----------------------------------------------------------


class Slow(Mailman):
    """Has the whole mail, and thinks long before it says yes to the first one."""

    def __init__(self):
        super().__init__()
        self.thinking = threading.Event()

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        if len(self.mails) == 1:
            self.thinking.set()
            await asyncio.sleep(60)
        return "250 taken"


@pytest.fixture
def start(post, database, tmp_path):
    """`start()` starts a worker process that mails to the server of the test."""
    started = []

    def begin():
        environment = os.environ | {
            "SERAI_MAIL_URL": config.MAIL_URL, "SERAI_SECRET_KEY": config.SECRET_KEY, "SERAI_DATA": str(tmp_path),
            "SERAI_PUBLIC_URL": config.SITE_URL,
        }  # fmt: skip
        command = [sys.executable, "-m", "tests.jobs.working", database, str(tmp_path)]
        started.append(subprocess.Popen(command, cwd=config.ROOT, env=environment))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()


def test_a_worker_killed_while_it_sends_loses_nothing(post, start, letter, look):
    post.stop()
    post.handler = Slow()
    post.start()
    identity = letter()
    first = start()
    assert post.handler.thinking.wait(40)
    first.kill()
    first.wait()
    assert look(identity).state == "waiting"
    start()
    deadline = time.monotonic() + 40
    while look(identity).state != "sent" and time.monotonic() < deadline:
        time.sleep(0.2)
    assert look(identity).state == "sent"
    # the server had it and never said so: the second one is known for the same by its Message-ID
    assert len(post.handler.mails) == 2 and len({one["Message-ID"] for one in post.handler.mails}) == 1
