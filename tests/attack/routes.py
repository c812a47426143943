"""Every registered route as an attacker would call it: arguments filled with what is the victim's.

A route with an argument nobody knows here fails the test until somebody says what to put there.
"""

from werkzeug.routing import BuildError, IntegerConverter

from app.core.flow import FLOWS
from reports.core import REPORTS

OPEN = {  # routes anybody may call, each with its reason; they show nothing of anybody
    "static": "files of the theme", "appbuilder.static": "files of the framework", "admin.static": "files of the desk",
    "health.health": "for load balancers", "health.metrics": "loopback only, tested on its own",
    "language": "switches the language", "AuthDBView.login": "signs in", "AuthDBView.logout": "signs out",
}  # fmt: skip
SAMPLES = {  # arguments that are no ids
    "scope": ("system",), "kind": ("csv",), "format": ("pdf",), "locale": ("fa",), "report": tuple(REPORTS)[:1],
    "group_by": ("1",), "filename": ("x.txt",), "path": ("x",), "version": ("v1",), "token": ("x" * 43,),
    "uuid": ("00000000-0000-0000-0000-000000000000",), "key_uuid": ("0" * 32,), "use": ("delivery", "billing"),
    "size": ("small",), "number": (1,), "code": ("GBP",),
    "picture": (1,), "audience": (1,), "export_type": ("csv",), "column": ("brand",),
}  # fmt: skip


def calls(site, victims):
    """(endpoint, method, url, table) of everything to try.

    :raises AssertionError: a route has an argument that is not known here
    """
    with site.test_request_context():
        adapter = site.url_map.bind("localhost")
        for rule in site.url_map.iter_rules():
            if rule.endpoint in OPEN:
                continue
            table = table_of(rule.rule, victims)
            for values in arguments(rule, table, victims):
                try:
                    url = adapter.build(rule.endpoint, values, force_external=False)
                except BuildError:
                    raise AssertionError(f"{rule.rule}: no address for {values}") from None
                for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                    yield rule.endpoint, method, url, table


def table_of(rule, victims):
    """The table whose rows a route is about, read off its address."""
    parts = [part for part in rule.split("/") if part and not part.startswith("<")]
    parts = parts[2:] if parts[:2] == ["api", "v1"] else parts
    aliases = {"credit_notes": "invoices", "payment": "payments", "work": "work_stages"}
    for part in parts:
        name = aliases.get(part, part)
        if name in victims:
            return name
    return None


def arguments(rule, table, victims):
    """Every set of arguments worth trying on a route."""
    sets = [{}]
    for name in sorted(rule.arguments):
        sets = [{**one, name: value} for one in sets for value in values_of(rule, name, table, victims)]
    return sets


def values_of(rule, name, table, victims):
    converter = rule._converters.get(name)
    items = getattr(converter, "items", None)
    if items:
        return sorted(items)[:3]
    if isinstance(converter, IntegerConverter) or name in ("pk", "id"):
        ids = victims.get(table) if table else None
        return ids[:1] if ids else [1]
    if name in ("name", "verb", "step"):
        flow = next((flow for flow in FLOWS.values() if flow.model.__tablename__ == table), None)
        steps = list(flow.transitions) if flow else []
        if "document" in rule.rule or "report" in rule.rule:
            return [one.name for one in REPORTS.values() if one.noun == table][:2] or ["order_confirmation"]
        return steps or ["approve"]
    if name == "noun":
        return ["order", "orders", "invoice"]
    assert name in SAMPLES, f"{rule.rule}: say in tests/attack/routes.py what to put for <{name}>"
    return SAMPLES[name]


def bodies(method, ids):
    """What an attacker sends: foreign owners, foreign ids, nothing."""
    first = ids[0] if ids else 1
    yield {}
    yield {
        "customer": 1, "customer_id": 1, "order": first, "invoice": first, "record_id": first, "noun": "order",
        "ids": ids or [1], "reason": "x", "text": "x", "subject": "x", "title": "x", "amount": "1", "currency": "GBP",
        "handler": 1, "paid_on": "2026-11-21", "name": "x", "lines": [{"sku": "X", "quantity": "1", "line": 1}],
    }  # fmt: skip
