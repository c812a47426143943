"""Signing in and out, forgotten passwords, sessions: through the doors."""

import re

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from app.core.work import Actor
from app.jobs import run_pending
from app.rules import links, people
from models.notifications import Notification
from models.people import FailedSignIn, Person
from tests.clients import Client, token
from tests.people import PASSWORD

LOGIN = "/api/v1/security/login"


def login(site, username, password=PASSWORD, address="203.0.113.1"):
    content = {"username": username, "password": password, "provider": "db", "refresh": True}
    return site.test_client(use_cookies=False).post(LOGIN, json=content, environ_base={"REMOTE_ADDR": address})


def post(client, url, **data):
    page = client.get(url).get_data(as_text=True)
    return client.post(url, data={**data, "csrf_token": token(page)})


@pytest.mark.parametrize("username", ["reviewer", "REVIEWER", " reviewer "])
def test_user_name_in_any_case(site, people, username):
    assert login(site, username).status_code == 200


def test_wrong_unknown_and_invited_look_alike(site, people, open_work):
    with open_work() as work:
        people_rule_invite(work)
    answers = [login(site, name, "wrong password") for name in ("reviewer", "no such user", "invited", "no\0body")]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.get_data() for answer in answers}) == 1
    assert answers[0].json["error"] == "unauthorized"


def people_rule_invite(work):
    people.create_user(work, "invited", kind="external")


@pytest.mark.parametrize(
    "content",
    [[], {}, {"username": "a"}, {"username": 1, "password": 2}, {"username": "a", "password": "b", "provider": "ldap"}],
)
def test_malformed_sign_in_is_400_in_our_shape(site, people, content):
    answer = site.test_client().post(LOGIN, json=content)
    assert answer.status_code == 400 and answer.json["error"] == "malformed"


def test_failures_are_limited_per_account_and_address(site, people):
    for _attempt in range(site.config["SIGN_IN_ATTEMPTS"]):
        assert login(site, "reviewer", "wrong").status_code == 401
    blocked = login(site, "reviewer")
    assert blocked.status_code == 429 and blocked.json["error"] == "too_many_attempts"
    assert login(site, "support").status_code == 200, "a colleague in the same office comes in"
    assert login(site, "reviewer", address="203.0.113.99").status_code == 200, "he himself, from elsewhere, too"


def test_screen_says_so_as_well(site, people):
    client = site.test_client()
    for _attempt in range(site.config["SIGN_IN_ATTEMPTS"]):
        assert post(client, "/login/", username="reviewer", password="wrong").status_code == 302
    assert post(client, "/login/", username="reviewer", password=PASSWORD).status_code == 429


def test_an_address_that_tries_many_accounts_waits(site, people):
    for number in range(10 * site.config["SIGN_IN_ATTEMPTS"]):
        if login(site, f"guess{number}", "x").status_code == 429:
            break
    assert login(site, "reviewer").status_code == 429
    assert login(site, "reviewer", address="203.0.113.99").status_code == 200


def test_success_forgets_the_failures_of_the_account(site, people, open_work):
    login(site, "reviewer", "wrong")
    login(site, "reviewer")
    with open_work() as work:
        assert [row.kind for row in work.session.scalars(select(FailedSignIn)) if row.kind == "pair"] == []


def test_session_is_new_after_signing_in(site, people):
    client = Client(site, "reviewer")
    client.http.get("/lang/fa")
    with client.http.session_transaction() as session:
        session["planted"] = "by somebody else"
    client.enter()
    with client.http.session_transaction() as session:
        assert "planted" not in session and session["locale"] == "fa" and session["stamp"]
    client.get("/logout/")
    with client.http.session_transaction() as session:
        assert "_user_id" not in session and "stamp" not in session
    assert client.get("/profile/").status_code == 302


def test_changing_the_password_signs_out_everywhere_else(site, people, sign_in):
    here, there = sign_in("buyer1"), sign_in("buyer1")
    bearer = {"Authorization": f"Bearer {login(site, 'buyer1').json['access_token']}"}
    wrong = here.post("/profile/password", {"old": "not it", "password": "new password", "again": "new password"})
    short = here.post("/profile/password", {"old": PASSWORD, "password": "short", "again": "short"})
    unequal = here.post("/profile/password", {"old": PASSWORD, "password": "new password", "again": "other password"})
    assert (wrong.status_code, short.status_code, unequal.status_code) == (422, 422, 422)
    done = here.post("/profile/password", {"old": PASSWORD, "password": "new password", "again": "new password"})
    assert done.status_code == 302
    assert here.get("/profile/").status_code == 200 and there.get("/profile/").status_code == 302
    assert site.test_client(use_cookies=False).get("/api/v1/orders/", headers=bearer).status_code == 401
    assert login(site, "buyer1").status_code == 401 and login(site, "buyer1", "new password").status_code == 200


def test_refresh_token_ends_with_the_password_too(site, people, open_work):
    refresh = {"Authorization": f"Bearer {login(site, 'buyer1').json['refresh_token']}"}
    client = site.test_client(use_cookies=False)
    assert client.post("/api/v1/security/refresh", headers=refresh).status_code == 200
    with open_work() as work:
        person = work.session.get(Person, people.ids["buyer1"])
        person.user.password = "!"
    assert client.post("/api/v1/security/refresh", headers=refresh).status_code == 401


def test_deactivated_user_is_out_at_once(site, people, sign_in, rest, open_work):
    cookie, bearer = sign_in("support"), rest("support")
    admin = sign_in("admin")
    answer = admin.post(f"/users/step/deactivate/{people.ids['support']}")
    assert answer.status_code == 302
    assert cookie.get("/profile/").status_code == 302 and bearer.get("/orders/").status_code == 401
    assert login(site, "support").status_code == 401


def test_forgotten_password_from_request_to_sign_in(site, people, open_work, engine, web, monkeypatch, tmp_path):
    from sqlalchemy.orm import sessionmaker

    import config

    monkeypatch.setattr(config, "DATA_DIR", str(tmp_path))
    with open_work() as work:
        work.session.get(User, people.ids["buyer1"]).email = "buyer1@example.com"
    client = site.test_client()
    pages = {
        post(client, "/forgotten-password/", username=name).get_data(as_text=True) for name in ("buyer1", "nobody here")
    }
    assert len({re.sub(r'(content|nonce|value)="[^"]*"', "", page) for page in pages}) == 1
    run_pending(sessionmaker(engine), app=web)
    with open_work() as work:
        told = work.session.scalars(select(Notification)).all()
        assert [row.name for row in told] == ["password_reset"]
        address = f"/set-password/{links.token(links.open_for(people.ids['buyer1'], work, None) or None)}"
    assert "buyer1" in client.get(address).get_data(as_text=True)
    assert "no-store" in client.get(address).headers["Cache-Control"]
    assert post(client, address, password="short", again="short").status_code == 422
    done = post(client, address, password="brand new one", again="brand new one")
    assert done.status_code == 302 and "/login/" in done.location
    assert client.get(address).status_code == 404, "it works once"
    assert login(site, "buyer1", "brand new one").status_code == 200


def test_asking_is_limited(site, people):
    client = site.test_client()
    answers = [post(client, "/forgotten-password/", username="nobody here").status_code for _again in range(7)]
    assert answers == [200] * 5 + [429] * 2


def test_api_keys_act_as_their_user(site, people, rest):
    made = rest("buyer1").post("/security/api_keys/", {"name": "shop"})
    assert made.status_code == 201, made.json
    bearer = {"Authorization": f"Bearer {made.json['result']['key']}"}
    client = site.test_client(use_cookies=False)
    assert client.get("/api/v1/orders/", headers=bearer).status_code == 200
    assert client.get("/api/v1/security/users/", headers=bearer).status_code == 404, "accounts have no REST door"


def test_system_actor_is_not_a_user(open_work):
    with open_work(Actor.system("test")) as work:
        assert people.find_user("system:test", work) is None
