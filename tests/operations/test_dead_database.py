"""Without a database every door says so at once, in the reader's language, and works again when it is back."""

import pytest

from app.extensions import db
from tests import cluster
from tests.clients import Client, token


@pytest.fixture
def dead(site, people, database_name, own_database, sign_in, rest):
    """A signed-in browser and a program, whose database has gone since."""
    desk, program, stranger = sign_in("reviewer"), rest("buyer1"), Client(site, "buyer2")
    desk.token = desk.csrf()
    own_database.forget()
    cluster.drop_database(database_name)
    return desk, program, stranger


def test_people_are_told_in_words(dead):
    desk, _program, _stranger = dead
    for answer in (desk.get("/orders/list/"), desk.get("/desk/"), desk.get("/")):
        told = answer.get_data(as_text=True)
        assert answer.status_code == 503, told[:2000]
        assert int(answer.headers["Retry-After"]) > 0
        assert "The database cannot be reached at the moment." in told
        assert "Traceback" not in told and "psycopg" not in told and 'href="/login/"' not in told
    with desk.get("/static/css/tokens.css") as styles:
        assert styles.status_code == 200


def test_a_form_and_a_sign_in_are_told_too(dead):
    desk, _program, stranger = dead
    answer = desk.http.post("/orders/save", json={}, headers={"X-CSRFToken": desk.token})
    assert answer.status_code == 503
    form = {"username": "buyer2", "password": "x", "csrf_token": token(stranger.page("/login/"))}
    assert stranger.http.post("/login/", data=form).status_code == 503


def test_in_the_language_that_was_chosen(dead):
    desk, _program, _stranger = dead
    desk.get("/lang/fa")
    assert 'lang="fa" dir="rtl"' in desk.get("/orders/list/").get_data(as_text=True)


def test_programs_get_the_shape_of_every_error(dead):
    _desk, program, _stranger = dead
    sent = {"username": "buyer1", "password": "x", "provider": "db"}
    for answer in (program.get("/orders/"), program.post("/orders/", {}), program.post("/security/login", sent)):
        assert answer.status_code == 503, answer.get_data(as_text=True)
        assert answer.json["error"] == "unavailable" and answer.json["message"] and answer.json["details"] == {}
        assert int(answer.headers["Retry-After"]) > 0


def test_health_and_metrics_answer(dead, site):
    anyone = site.test_client()
    health = anyone.get("/health")
    assert (health.status_code, health.json["database"]) == (503, "unreachable")
    metrics = anyone.get("/metrics")
    assert metrics.status_code == 200
    lines = metrics.get_data(as_text=True).splitlines()
    assert "serai_up 1" in lines and "serai_database_up 0" in lines
    assert not [line for line in lines if line.startswith("serai_jobs")]


def test_a_full_pool_is_no_fault_of_ours(site, sign_in):
    desk = sign_in("reviewer")
    with site.app_context():
        pool = db.engine.pool
        waits, pool._timeout = pool._timeout, 0.01
        held = [db.engine.connect() for _ in range(pool.size() + pool._max_overflow)]
        try:
            answer = desk.get("/orders/list/")
        finally:
            for one in held:
                one.close()
            pool._timeout = waits
    assert answer.status_code == 503
    assert desk.get("/orders/list/").status_code == 200


def test_metrics_of_a_house_that_is_well(site):
    lines = site.test_client().get("/metrics").get_data(as_text=True).splitlines()
    assert "serai_database_up 1" in lines and "# TYPE serai_jobs gauge" in lines
