"""Another customer tries every door to customer 1's rows, and finds nothing.

Read from the running application: every mapped table, every registered route, every list filter, select
box, bulk step and REST verb. New tables and routes join by themselves.
"""

import json
from urllib.parse import quote

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.core import work as work_
from app.core.scope import rows_of
from app.core.work import Actor
from tests.attack import routes, world
from tests.attack.world import ATTACKERS, BRANCH, OTHER, OWNED, VICTIM
from views.api import HouseApi
from views.base import HouseView

THOROUGH = ("buyer3", "mole")  # these send empty bodies too


def test_the_world_has_something_to_steal(stage):
    """An attack on an empty table proves nothing."""
    bare = [table for table, ids in stage.victims.items() if not ids]
    assert not bare, f"the demo company has no rows of customer 1 in {bare}"
    assert len(stage.secrets) > 50


# --- below every door: ORM and database --------------------------------------------------------


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model.__tablename__)
def test_orm_shows_no_foreign_row(stage, model):
    actor = Actor("buyer3", kind="external", customers=frozenset({OTHER}), may=lambda permission: True)
    with stage.factory() as session, work_.work(actor, session, commit=False) as work:
        owners = set(work.session.scalars(select(world.owner_column(model)).distinct()))
        assert owners <= {OTHER}, f"{model.__tablename__} shows rows of {owners}"
        for identity in stage.victims[model.__tablename__]:
            assert work.session.get(model, identity) is None
            found = work.session.query(model).filter(model.id == identity)
            try:
                with work.session.begin_nested():
                    assert found.update({"id": identity}, synchronize_session=False) == 0
            except DBAPIError as error:  # the database does not even let him try
                assert error.orig.sqlstate == "42501"


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model.__tablename__)
def test_database_itself_shows_no_foreign_row(stage, model):
    table, column = model.__tablename__, rows_of(model).column
    with stage.engine.connect() as connection:
        connection.execute(
            text("select set_config('role', 'serai_external', true), set_config('app.customers', :c, true)"),
            {"c": str(OTHER)},
        )
        foreign = connection.execute(text(f'select count(*) from "{table}" where {column} <> {OTHER}')).scalar()
        assert foreign == 0
        for statement in (f'update "{table}" set {column} = {OTHER} where {column} = {VICTIM}',
                          f'delete from "{table}" where {column} = {VICTIM}'):  # fmt: skip
            with connection.begin_nested() as point:
                try:
                    assert connection.execute(text(statement)).rowcount == 0
                except DBAPIError as error:
                    assert error.orig.sqlstate == "42501"
                point.rollback() if point.is_active else None


def test_staff_role_does_not_make_an_external_person_staff(stage, enter):
    _browser, rest = enter("mole")
    rows = rest.get("/orders/").json["result"]
    assert all(row["customer"]["id"] == OTHER for row in rows)


# --- every route -------------------------------------------------------------------------------


@pytest.mark.parametrize("attacker", ATTACKERS)
def test_every_route_keeps_its_secrets(stage, enter, attacker):
    browser, rest = enter(attacker)
    csrf = browser.csrf()
    before, leaks, broken, tried = world.fingerprint(stage.engine), [], [], 0
    for endpoint, method, url, table in routes.calls(stage.site, stage.victims):
        ids = stage.victims.get(table) or []
        bodies = list(routes.bodies(method, ids))[0 if attacker in THOROUGH else -1 :]
        for content in bodies if method != "GET" else [None]:
            answer = _call(browser, rest, csrf, method, url, content)
            tried += 1
            shown = world.reveal(answer, stage.secrets)
            if shown:
                leaks.append((endpoint, method, url, answer.status_code, dict(list(shown.items())[:3])))
            if answer.status_code >= 500:
                broken.append((endpoint, method, url, answer.status_code))
    after = world.fingerprint(stage.engine)
    assert tried > 200
    assert rest.get("/orders/").status_code == (403 if attacker == "roleless" else 200), "he was thrown out on the way"
    assert browser.get("/").status_code in (200, 302)
    assert not leaks, leaks[:10]
    assert not broken, broken[:10]
    changed = [table for table in before if before[table] != after[table]]
    assert not changed, f"{attacker} changed rows of the victim in {changed}"


def test_a_branch_reads_nothing_of_another_by_any_route(stage, enter):
    browser, rest = enter(BRANCH)
    leaks, broken, tried = [], [], set()
    for endpoint, method, url, _table in routes.calls(stage.site, stage.victims):
        if method == "GET" and endpoint not in tried:  # once each: the other attackers try every argument
            tried.add(endpoint)
            answer = _call(browser, rest, None, method, url, None)
            shown = world.reveal(answer, stage.secrets)
            leaks += [(endpoint, url, answer.status_code, dict(list(shown.items())[:3]))] if shown else []
            broken += [(endpoint, url, answer.status_code)] if answer.status_code >= 500 else []
    assert rest.get("/orders/").status_code == 200, "he was thrown out on the way"
    assert not leaks, leaks[:10]
    assert not broken, broken[:10]


def _call(browser, rest, csrf, method, url, content):
    if url.startswith("/api/"):
        return rest.http.open(url, method=method, json=content, headers=rest.headers)
    if content is None:
        return browser.get(url)
    rows = [str(one) for one in content.get("ids", ())]
    form = {key: value if isinstance(value, str) else json.dumps(value) for key, value in content.items()}
    form |= {"csrf_token": csrf, "rowid": rows, "action": "approve", "query": "?customer=1"}
    answer = browser.http.open(url, method=method, data=form)
    if answer.status_code in (400, 415, 422):
        return browser.http.open(url, method=method, json=content, headers={"X-CSRFToken": csrf})
    return answer


def test_every_verb_of_the_openapi_document_is_attacked(stage, enter):
    _browser, rest = enter("buyer3")
    paths = rest.get("/_openapi").json["paths"]
    attacked = {(rule.rule, method) for rule in stage.site.url_map.iter_rules() for method in rule.methods
                if rule.endpoint not in routes.OPEN}  # fmt: skip
    plain = {(_shape(rule), method) for rule, method in attacked}
    for path, operations in paths.items():
        for method in operations:
            assert (_shape(path), method.upper()) in plain, f"{method} {path} is in the document, but not attacked"


def _shape(path):
    parts = path.rstrip("/").replace(".", "/").split("/")
    return "/".join("*" if part.startswith(("<", "{")) or part.endswith((">", "}")) else part for part in parts)


# --- lists, select boxes, search ---------------------------------------------------------------


def _screens(stage):
    return [view for view in stage.site.appbuilder.baseviews if isinstance(view, HouseView)]


@pytest.mark.parametrize("attacker", ("buyer3", "mole"))
def test_list_filters_and_select_boxes_tell_nothing(stage, enter, attacker):
    browser, _rest = enter(attacker)
    probes = ["1", *list(stage.secrets)[:25]]
    leaks = []
    for view in _screens(stage):
        names = [one.name for one in view.filters] + ([view.quick.name] if view.quick else []) + ["state", "order"]
        urls = [f"{view.route_base}/list/?{name}={quote(probe)}" for name in names for probe in probes[:2]]
        urls += [f"{view.route_base}/choices?term={quote(probe)}" for probe in probes[:4]]
        urls += [f"{view.route_base}/choices?id={one}" for one in stage.victims.get(view.model.__tablename__, ())]
        urls += [f"{view.route_base}/export/csv?{name}={quote(probes[0])}" for name in names[:3]]
        for url in urls:
            answer = browser.get(url)
            body = answer.get_data(as_text=True)
            asked = quote(url.partition("?")[2])
            shown = {
                s: p for s, p in world.reveal(answer, stage.secrets).items() if quote(s) not in url and s not in asked
            }
            if shown or answer.status_code >= 500:
                leaks.append((url, answer.status_code, shown, len(body)))
    assert not leaks, leaks[:10]


def test_rest_filters_tell_nothing(stage, enter):
    _browser, rest = enter("buyer3")
    leaks = []
    for api in (one for one in stage.site.appbuilder.baseviews if isinstance(one, HouseApi)):
        for column in api.filter_columns:
            for operator, value in (("eq", "1"), ("sw", "S"), ("rel_o_m", 1), ("gt", "0"), ("ct", "a")):
                said = value if isinstance(value, int) else repr(value)
                query = f"(filters:!((col:{column},opr:{operator},value:{said})))"
                answer = rest.get(f"/{api.resource_name}/?q={quote(query)}")
                shown = world.reveal(answer, stage.secrets)
                if shown or answer.status_code >= 500:
                    leaks.append((api.resource_name, query, answer.status_code, shown))
    assert not leaks, leaks[:10]


def test_a_foreign_record_answers_like_a_missing_one(stage, enter):
    _browser, rest = enter("buyer3")
    for api in (one for one in stage.site.appbuilder.baseviews if isinstance(one, HouseApi)):
        ids = stage.victims.get(api.model.__tablename__)
        if not ids:
            continue
        foreign, missing = rest.get(f"/{api.resource_name}/{ids[0]}"), rest.get(f"/{api.resource_name}/987654321")
        assert foreign.status_code == missing.status_code, api.resource_name
        assert foreign.json == missing.json, api.resource_name


def test_bulk_steps_refuse_foreign_ids_as_not_found(stage, enter):
    _browser, rest = enter("buyer3")
    own = rest.get("/orders/").json["result"]
    answer = rest.post("/orders/cancel", {"ids": [stage.victims["orders"][0]], "reason": "x"})
    assert answer.status_code == 200
    assert answer.json["done"] == []
    assert [one["error"] for one in answer.json["refused"]] == ["not_found"]
    assert all(row["customer"]["id"] == OTHER for row in own)
