"""Clients of a test: one with a cookie, as a browser has it, one with a bearer token, as a program has it."""

import re
import secrets
from importlib import import_module

from flask import session
from flask_appbuilder.security.sqla.models import User
from flask_jwt_extended import create_access_token
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select

from tests.people import PASSWORD


class Client:
    """Somebody at a browser, without the browser."""

    def __init__(self, site, username):
        self.site, self.username = site, username
        self.http = site.test_client()

    def enter(self):
        """Be signed in: the session is what the form would have begun (`sign_in` goes through the form)."""
        with self.site.test_request_context(environ_base=self.http.environ_base):
            # loaded with the application, after all models: it cannot stand at the top
            import_module("app.security").enter(_user(self.site, self.username))
            begun = dict(session)
        with self.http.session_transaction() as kept:
            kept.update(begun)

    def sign_in(self, password=PASSWORD):
        """Through the form, as everybody does."""
        page = self.http.get("/login/").get_data(as_text=True)
        answer = self.http.post(
            "/login/", data={"username": self.username, "password": password, "csrf_token": token(page)}
        )
        assert answer.status_code == 302, answer.get_data(as_text=True)[:2000]
        return answer

    def get(self, url, **more):
        return self.http.get(url, **more)

    def page(self, url):
        """The text of a page that must be there."""
        answer = self.http.get(url)
        assert answer.status_code == 200, (url, answer.status_code, answer.get_data(as_text=True)[:2000])
        return answer.get_data(as_text=True)

    def post(self, url, data=None, **more):
        """Post a form with the session's own token."""
        return self.http.post(url, data={**(data or {}), "csrf_token": self.csrf()}, **more)

    def csrf(self):
        """The token of the session, as its pages carry it."""
        with self.http.session_transaction() as kept:
            raw = kept.setdefault("csrf_token", secrets.token_hex(20))
        return URLSafeTimedSerializer(self.site.secret_key, salt="wtf-csrf-token").dumps(raw)

    def json(self, url, content, method="POST", **headers):
        return self.http.open(url, method=method, json=content, headers={"X-CSRFToken": self.csrf(), **headers})


class Rest:
    """A program with a bearer token."""

    def __init__(self, site, username):
        self.http = site.test_client(use_cookies=False)
        with site.test_request_context(environ_base=self.http.environ_base):
            bearer = create_access_token(identity=str(_user(site, username).id), fresh=True)
        self.headers = {"Authorization": f"Bearer {bearer}"}

    def call(self, method, path, content=None, **headers):
        return self.http.open(
            f"/api/v1{path}", method=method, json=content, headers={**self.headers, **headers}
        )

    def get(self, path, **headers):
        return self.call("GET", path, **headers)

    def post(self, path, content=None, **headers):
        return self.call("POST", path, {} if content is None else content, **headers)

    def put(self, path, content, **headers):
        return self.call("PUT", path, content, **headers)

    def delete(self, path, **headers):
        return self.call("DELETE", path, **headers)


def _user(site, username):
    """The user behind a name, known to the open request."""
    sm = site.appbuilder.sm
    return sm._known(sm.session.scalar(select(User.id).where(User.username == username)))


def token(page):
    """The CSRF token of a page."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', page) or re.search(
        r'name="csrf_token"[^>]*value="([^"]+)"', page
    )
    assert found, page[:2000]
    return found[1]
