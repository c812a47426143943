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
    answers = [login(site, name, "wrong password") for name in ("reviewer", "no such user", "invited", "no body")]
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
    window = site.config["SIGN_IN_WINDOW"]
    assert window - 60 < int(blocked.headers["Retry-After"]) <= window, "as long as the first failure counts"
    assert login(site, "support").status_code == 200, "a colleague in the same office comes in"
    assert login(site, "reviewer", address="203.0.113.99").status_code == 200, "he himself, from elsewhere, too"


def test_screen_says_so_as_well(site, people):
    client = site.test_client()
    for _attempt in range(site.config["SIGN_IN_ATTEMPTS"]):
        assert post(client, "/login/", username="reviewer", password="wrong").status_code == 302
    blocked = post(client, "/login/", username="reviewer", password=PASSWORD)
    assert blocked.status_code == 429 and int(blocked.headers["Retry-After"]) > 0


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
    client.sign_in()
    with client.http.session_transaction() as session:
        assert "planted" not in session and session["locale"] == "fa" and session["stamp"]
    assert client.post("/logout/").status_code == 302
    with client.http.session_transaction() as session:
        assert "_user_id" not in session and "stamp" not in session
    assert client.get("/profile/").status_code == 302


def test_nobody_is_signed_out_by_a_link_or_a_forged_form(site, people, sign_in):
    desk = sign_in("reviewer")
    asked = desk.page("/logout/")
    assert "Do you want to sign out?" in asked
    assert re.search(r'<form[^>]*method="post"[^>]*action="/logout/"', asked)
    assert desk.http.post("/logout/").status_code == 400
    home = desk.page("/")
    assert not re.search(r'href="[^"]*/logout', home) and 'action="/logout/"' in home
    left = desk.http.post("/logout/", data={"csrf_token": token(home)})
    assert left.status_code == 302
    assert desk.get("/orders/list/").status_code == 302
    assert desk.get("/logout/").status_code == 302


@pytest.mark.parametrize("who", ["reviewer", "buyer1"])
def test_signing_out_ends_copies_of_the_cookie_and_no_other_session(site, people, sign_in, who):
    here, copy, elsewhere = sign_in(who), Client(site, who), sign_in(who)
    with here.http.session_transaction() as session, copy.http.session_transaction() as stolen:
        stolen.update(session)
    assert copy.get("/orders/list/").status_code == 200
    here.post("/logout/")
    assert copy.get("/orders/list/").status_code == 302
    assert copy.get("/api/v1/orders/").status_code == 401
    assert elsewhere.get("/orders/list/").status_code == 200
    here.enter()
    assert here.get("/orders/list/").status_code == 200


def test_a_cookie_that_does_not_name_its_session_is_none(site, people, sign_in):
    client = sign_in("reviewer")
    with client.http.session_transaction() as session:
        del session["key"]
    assert client.get("/orders/list/").status_code == 302


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


def test_deactivated_user_is_out_at_once_and_for_good(site, people, sign_in, rest):
    cookie, bearer, refresh = sign_in("support"), rest("support"), login(site, "support").json["refresh_token"]
    key = new_key(bearer)
    admin, account = sign_in("admin"), people.ids["support"]
    assert "API keys of the user stop working" in admin.page(f"/users/show/{account}")
    answer = admin.post(f"/users/step/deactivate/{account}")
    assert answer.status_code == 302
    assert cookie.get("/profile/").status_code == 302 and bearer.get("/orders/").status_code == 401
    assert login(site, "support").status_code == 401 and program(site, key) == 401
    admin.post(f"/users/step/activate/{account}")
    assert login(site, "support").status_code == 200, "he signs in anew"
    assert cookie.get("/profile/").status_code == 302 and bearer.get("/orders/").status_code == 401
    assert program(site, key) == 401 and program(site, refresh, "POST", "security/refresh") == 401


def new_key(client, name="shop"):
    """A new API key of whoever asks."""
    made = client.post("/security/api_keys/", {"name": name})
    assert made.status_code == 201, made.json
    return made.json["result"]["key"]


def program(site, key, method="GET", path="orders/"):
    """What a program with this key or token is answered."""
    client = site.test_client(use_cookies=False)
    return client.open(f"/api/v1/{path}", method=method, headers={"Authorization": f"Bearer {key}"}).status_code


def test_api_keys_end_with_the_password(site, people, sign_in, rest):
    mine, colleagues = new_key(rest("buyer1")), new_key(rest("buyer2"))
    assert (program(site, mine), program(site, colleagues)) == (200, 200)
    here = sign_in("buyer1")
    assert "API keys made before stop working" in here.page("/profile/password")
    here.post("/profile/password", {"old": PASSWORD, "password": "new password", "again": "new password"})
    assert (program(site, mine), program(site, colleagues)) == (401, 200)
    told = sign_in("admin").page(f"/users/show/{people.ids['buyer1']}")
    assert "API keys" in told and "shop" in told, "the history says which"


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
    bearer = {"Authorization": f"Bearer {new_key(rest('buyer1'))}"}
    client = site.test_client(use_cookies=False)
    assert client.get("/api/v1/orders/", headers=bearer).status_code == 200
    assert client.get("/api/v1/security/users/", headers=bearer).status_code == 404, "accounts have no REST door"


def test_system_actor_is_not_a_user(open_work):
    with open_work(Actor.system("test")) as work:
        assert people.find_user("system:test", work) is None


def test_the_doors_of_api_keys_refuse_as_all_others_do(people, rest):
    program = rest("buyer1")
    for refused in (program.post("/security/api_keys/", {}), program.get("/security/api_keys/not-there"),
                    program.call("DELETE", "/security/api_keys/not-there")):  # fmt: skip
        assert refused.status_code in (400, 404), refused.json
        assert set(refused.json) == {"error", "message", "details"}, refused.json
    assert "name" in program.post("/security/api_keys/", {}).json["details"]
