"""Two people at the desk: over HTTP for times, inside the process for counting statements."""

import http.client
import json
import re
import time
import urllib.parse

PASSWORD = "benchmark password"
PEOPLE = ("first", "second")  # one enters, another approves


class Refused(Exception):
    """The answer was not what a measurement may be taken of."""


class Http:
    """Keep-alive connections; the first person has a cookie, both have bearer tokens."""

    def __init__(self, port: int, path: str = "/login/") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.cookie, self.tokens = "", {}
        if path:
            self._enter(path)

    def _enter(self, path: str) -> None:
        page, headers = self._ask("GET", path)
        self._keep(headers)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.decode()).group(1)
        form = urllib.parse.urlencode({"username": PEOPLE[0], "password": PASSWORD, "csrf_token": token})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        self._keep(self._ask("POST", path, form, kind, fine=(302,))[1])
        for name in PEOPLE:
            given = {"username": name, "password": PASSWORD, "provider": "db"}
            self.tokens[name] = json.loads(self.post("/api/v1/security/login", given, who=None))["access_token"]

    def _keep(self, headers: http.client.HTTPMessage) -> None:
        for value in headers.get_all("Set-Cookie") or []:
            self.cookie = value.partition(";")[0]

    def _ask(self, method, path, body=None, headers=None, fine=(200, 201)):
        headers = {**(headers or {}), **({"Cookie": self.cookie} if self.cookie else {})}
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):  # the server closes what has been idle
            self.connection.close()
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        content = answer.read()
        if answer.status not in fine:
            raise Refused(f"{method} {path}: {answer.status} {content[:300]!r}")
        return content, answer.headers

    def get(self, path: str) -> bytes:
        return self._ask("GET", path)[0]

    def post(self, path: str, content: object, who: str | None = "first") -> bytes:
        headers = {"Content-Type": "application/json"}
        cookie, self.cookie = self.cookie, ""
        if who:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        try:
            return self._ask("POST", path, json.dumps(content), headers)[0]
        finally:
            self.cookie = cookie


class Inside:
    """The same without a network: Flask's own test client."""

    def __init__(self, app, password: str = PASSWORD) -> None:
        self.http = app.test_client()
        self.api = {name: app.test_client() for name in PEOPLE}
        page = self.http.get("/login/").get_data(as_text=True)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page).group(1)
        self.http.post("/login/", data={"username": PEOPLE[0], "password": password, "csrf_token": token})
        self.tokens = {}
        for name in PEOPLE:
            given = {"username": name, "password": password, "provider": "db"}
            self.tokens[name] = self.api[name].post("/api/v1/security/login", json=given).get_json()["access_token"]

    def get(self, path: str) -> bytes:
        return self._fine(self.http.get(path), path)

    def post(self, path: str, content: object, who: str = "first") -> bytes:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        return self._fine(self.api[who].post(path, json=content, headers=headers), path)

    def _fine(self, answer, path: str) -> bytes:
        if answer.status_code not in (200, 201):
            raise Refused(f"{path}: {answer.status_code} {answer.get_data()[:300]!r}")
        return answer.get_data()


def until_answers(port: int, path: str, seconds: float = 60) -> None:
    """Wait for a server that is starting."""
    end = time.monotonic() + seconds
    while True:
        try:
            Http(port, "").get(path)
            return
        except (OSError, http.client.HTTPException, Refused):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
