"""The same nouns over REST: one permission check, one door, the house's shapes (contract, REST)."""

import functools

from flask import g, jsonify, request, url_for
from flask_appbuilder.api import BaseApi, expose
from flask_babel import gettext as _
from sqlalchemy import select

from app import idempotency
from app.answers import Unauthorized, shape
from app.core.errors import Forbidden, Malformed, NotFound
from app.core.flow import stale
from app.core.history import History
from app.extensions import db
from views import bulk, lists, queries, records, wire
from views.spec import operation

VERBS = {
    "get_list": "read", "get": "read", "post": "write", "put": "write", "delete": "delete", "info": "read",
    "transitions": "read", "history": "read", "document": "read",
}  # fmt: skip


def door(permission):
    """Guard an endpoint: 401 without a user, 403 without the permission, whatever the record."""

    def wrap(call):
        @functools.wraps(call)
        def guarded(self, *args, **kwargs):
            if g.access.user_id is None:
                raise Unauthorized
            if not g.work.actor.may(f"{self.noun}.{permission}"):
                raise Forbidden("not_permitted", _("You are not permitted to do this."))
            return call(self, *args, **kwargs)

        guarded._permission_name = permission
        return guarded

    return wrap


def body(required=True):
    """The JSON object of the request.

    :raises Malformed: it is no JSON object
    """
    if not request.get_data(cache=True) and not required:
        return {}
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise Malformed("malformed", _("Send the data as a JSON object."))
    return given


def done(content, status=200):
    """Commit what the request did and answer; the idempotency key is kept with it."""
    idempotency.keep(status, content)
    db.session.commit()
    return jsonify(content), status


class HouseApi(BaseApi):
    """A noun over REST. Set `noun`, `model`, the columns, and the rules that write."""

    noun = None
    model = None
    flow = None
    reports = ()
    list_fields = ("id", "version")
    show_fields = ()
    portal_hidden = frozenset()
    line_fields = ()
    line_relation = "lines"
    filter_columns = ("id",)
    word_filters = {}
    order_columns = ("id",)
    write_fields = ()
    create_fields = None
    on_save = None  # rule(record, work)
    on_delete = None
    csrf_exempt = False
    allow_browser_login = True
    method_permission_name = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if not cls.noun:
            return
        cls.class_permission_name = cls.class_permission_name or "".join(p.capitalize() for p in cls.noun.split("_"))
        for step in cls.flow.transitions.values() if cls.flow else ():
            if not step.hidden:
                setattr(cls, f"step_{step.name}", _one(step))
                setattr(cls, f"bulk_{step.name}", _many(step))

    # --- reading -------------------------------------------------------------------------------

    def query(self):
        return db.session.query(self.model)

    def fields(self, names):
        outside = not g.work.actor.inside
        return [name for name in names if not (outside and name in self.portal_hidden)]

    def item(self, row, names):
        """A record as JSON."""
        return {name: self.value(row, name) for name in self.fields(names)}

    def value(self, row, name):
        """One field; a noun overrides what is not simply a column."""
        return wire.out(row, name)

    def find(self, pk):
        """A record of the actor's, or 404."""
        found = self.query().filter(self.model.id == pk).one_or_none() if pk < 2**63 else None
        if found is None:
            raise NotFound("not_found", _("There is no such record."))
        return found

    @expose("/", methods=["GET"])
    @door("read")
    def get_list(self):
        """List records: filters, order and pages as Rison in `q`, further pages by `after`."""
        given = queries.arguments()
        number, size = queries.paging(given)
        column, direction = queries.ordering(given, self.order_columns)
        after = request.args.get("after")
        query = queries.filtered(self.query(), self.model, given, self.filter_columns, self.word_filters)
        inside = g.work.actor.inside and g.work.actor.branches is None
        total = lists.count(db.session, query, self.model, bool(given.get("filters")) or not inside)
        page = lists.page(
            lists.narrow_columns(query, self.model, self.loaded()), self.model, column=column, direction=direction,
            size=size, after=after, skip=0 if after else number * size,
        )  # fmt: skip
        self.prepare(page.rows)
        answer = {"count": total, "result": [self.item(row, self.list_fields) for row in page.rows]}
        if total > lists.COUNT_CAP:
            answer["count_capped"] = True
        if page.next:
            answer["next"] = self._next(page.next)
        return jsonify(answer)

    def prepare(self, rows):
        """What a noun looks up once for all rows of an answer."""

    def loaded(self):
        """Columns a list needs beyond its fields."""
        return self.fields(self.list_fields)

    def _next(self, after):
        kept = {key: value for key, value in request.args.items() if key != "after"}
        return url_for(f"{self.endpoint}.get_list", after=after, **kept)

    @expose("/_info", methods=["GET"])
    @door("read")
    def info(self):
        """What can be read, filtered, ordered and written here; no rows of other nouns."""
        permissions = [verb for verb in ("read", "write", "delete") if g.work.actor.may(f"{self.noun}.{verb}")]
        return jsonify(
            {
                "permissions": [f"can_{one}" for one in permissions],
                "filters": {name: [{"operator": one} for one in self._operators(name)] for name in self.filter_columns},
                "list_columns": self.fields(self.list_fields),
                "order_columns": list(self.order_columns),
                "add_columns": [{"name": name} for name in self.fields(self.create_fields or self.write_fields)],
                "edit_columns": [{"name": name} for name in self.fields(self.write_fields)],
            }
        )

    def _operators(self, name):
        if name in self.model.__mapper__.relationships:
            return queries.RELATION_OPS
        text = self.model.__mapper__.columns[name].type.python_type is str if name in self.model.__mapper__.columns else True
        return tuple(queries.TEXT_OPS if text else queries.VALUE_OPS)

    @expose("/<int:pk>", methods=["GET"])
    @door("read")
    def get(self, pk):
        """One record with its lines."""
        return jsonify(self.shown(self.find(pk)))

    def shown(self, row):
        """The answer about one record."""
        self.prepare([row])
        result = self.item(row, dict.fromkeys((*self.list_fields, *self.show_fields)))
        if self.line_fields:
            currency = getattr(row, "currency_code", None)
            names = self.fields(self.line_fields)
            lines = getattr(row, self.line_relation)
            result["lines"] = [{name: self.line_value(line, name, currency) for name in names} for line in lines]
        return {"id": row.id, "result": result}

    def line_value(self, line, name, currency):
        """One field of a line."""
        return wire.out(line, name, currency)

    # --- writing -------------------------------------------------------------------------------

    @expose("/", methods=["POST"])
    @door("write")
    def post(self):
        """Create a record."""
        if self.create_fields is None and not self.write_fields:
            raise Forbidden("not_permitted", _("You are not permitted to do this."))
        given = body()
        with g.work.doing(f"{self.noun}.create"):
            row = self.create(given, g.work)
            db.session.flush()
            return done(self.shown(row), 201)

    def create(self, given, work):
        """Make the record; a noun with a rule of its own overrides this."""
        row = self.model()
        with db.session.no_autoflush:
            self.fill(row, given, self.create_fields or self.write_fields)
        db.session.add(row)
        if self.on_save:
            self.on_save(row, work)
        return row

    def fill(self, row, given, allowed):
        """Write the fields of a JSON object into a record.

        :raises Malformed: unknown fields, or values of the wrong kind
        """
        unknown = given.keys() - set(self.fields(allowed)) - {"version"}
        if unknown:
            text = _("These fields are not known here: %(fields)s.", fields=", ".join(sorted(map(str, unknown))))
            raise Malformed("unknown_fields", text, fields=sorted(map(str, unknown)))
        for name, value in given.items():
            if name != "version":
                wire.put(row, name, value, db.session)

    @expose("/<int:pk>", methods=["PUT"])
    @door("write")
    def put(self, pk):
        """Change a record."""
        row, given = self.find(pk), body()
        self.check_version(row, given)
        with g.work.doing(f"{self.noun}.edit"):
            self.update(row, given, g.work)
            db.session.flush()
            return done(self.shown(row))

    def update(self, row, given, work):
        """Change the record; a noun with a rule of its own overrides this."""
        if not self.write_fields:
            raise Forbidden("not_permitted", _("You are not permitted to do this."))
        with db.session.no_autoflush:
            self.fill(row, given, self.write_fields)
        if self.on_save:
            self.on_save(row, work)

    def check_version(self, row, given):
        """Refuse somebody who looks at an older version."""
        seen = given.get("version")
        if seen is not None and wire.whole("version", seen) != row.version:
            raise stale(row)

    @expose("/<int:pk>", methods=["DELETE"])
    @door("delete")
    def delete(self, pk):
        """Remove a record: deleted, archived or kept as a tombstone, as its rule says."""
        row = self.find(pk)
        with g.work.doing(f"{self.noun}.delete"):
            if self.on_delete:
                self.on_delete(row, g.work)
            elif hasattr(row, "deleted_at"):
                row.deleted_at, row.deleted_by = g.work.now, g.work.actor.user_id
            else:
                raise Forbidden("not_permitted", _("You are not permitted to do this."))
            return done({"id": pk})

    # --- what can be done, what was done, what can be printed ---------------------------------

    @expose("/<int:pk>/transitions", methods=["GET"])
    @door("read")
    def transitions(self, pk):
        """What the caller may do with the record now, and why not where he may not."""
        row = self.find(pk)
        offers = self.flow.offers(row, g.work) if self.flow else []
        return jsonify(
            [
                {
                    "name": offer.step.name,
                    "label": str(offer.step.label),
                    "enabled": offer.enabled,
                    "reason": None if offer.reason is None else str(offer.reason),
                }
                for offer in offers
            ]
        )

    @expose("/<int:pk>/history", methods=["GET"])
    @door("read")
    def history(self, pk):
        """Who did what to the record when."""
        row = self.find(pk)
        mark = getattr(self.model, "__history__", None)
        rows = db.session.scalars(
            select(History)
            .where(History.noun == (mark if isinstance(mark, str) else self.noun), History.record_id == row.id)
            .order_by(History.id.desc())
            .limit(200)
        )
        return jsonify([self._entry(one) for one in rows])

    def _entry(self, one):
        outside = not g.work.actor.inside
        changes = {
            name: pair
            for name, pair in one.changes.items()
            if not (outside and (name.rpartition(".")[2] in self.portal_hidden or name.endswith("_by")))
        }
        return {
            "at": wire.out(one, "at"),
            "actor": records.actor_name(one),
            "action": one.action.rpartition(".")[2],
            "source": one.source if not outside else one.source.partition(":")[0],
            "changes": changes,
        }

    @expose("/<int:pk>/documents/<report>.<kind>", methods=["GET"])
    @door("read")
    def document(self, pk, report, kind):
        """A document of the record as pdf, html, xlsx or csv."""
        return records.document(self, self.find(pk), report, kind)

    # --- the framework's own answers, in our shape --------------------------------------------

    def response_400(self, message=None):
        return jsonify(shape("malformed", message or _("The request is not well formed."))), 400

    def operation_helper(self, path=None, operations=None, methods=None, func=None, **kwargs):
        """The OpenAPI operation of an endpoint, from its docstring and its place."""
        for method in methods:
            operations[method.lower()] = operation(path or "", method, func)


def _outcome(outcome, flow):
    """What a step on many did."""
    refused = [{"id": one.id, "error": one.error.code, "message": str(one.error.message)} for one in outcome.refused]
    answer = {"done": [row.id for row in outcome.done], "refused": refused}
    if outcome.made:
        made = [_made(row) for row in outcome.made]
        answer["made"] = made[0] if len(made) == 1 else made
    return answer


def _made(row):
    noun = getattr(type(row), "__history__", None)
    return {"noun": noun, "id": row.id, "number": getattr(row, "number", None)}


def _one(step):
    @expose(f"/<int:pk>/{step.name}", methods=["POST"])
    @door(step.name)
    def call(self, pk):
        given = body(required=False)
        seen = given.pop("version", None)
        versions = None if seen is None else {pk: wire.whole("version", seen)}
        data = bulk.read(step, given)
        outcome = self.flow.run(step.name, [pk] if pk < 2**63 else [], versions=versions, **data)
        if outcome.refused or not outcome.done:
            raise outcome.refused[0].error if outcome.refused else NotFound("not_found", _("There is no such record."))
        row = outcome.done[0]
        answer = {"id": row.id, "state": self.flow.state(row), "version": row.version}
        if outcome.made:
            answer["made"] = _made(outcome.made[0])
        return done(answer)

    call.__name__, call.__doc__ = f"step_{step.name}", f"Take the step “{step.name}” on one record."
    return call


def _many(step):
    @expose(f"/{step.name}", methods=["POST"])
    @door(step.name)
    def call(self):
        given = body()
        ids, seen = given.pop("ids", None), given.pop("versions", None)
        if not isinstance(ids, list) or not ids or len(ids) > bulk.AT_ONCE * 5:
            raise Malformed("bad_ids", _("ids is a list of 1 to %(most)s ids.", most=bulk.AT_ONCE * 5))
        ids = [wire.whole("ids", one) for one in ids]
        data = bulk.read(step, given)
        return done(_outcome(self.flow.run(step.name, ids, versions=_versions(seen), **data), self.flow))

    call.__name__, call.__doc__ = f"bulk_{step.name}", f"Take the step “{step.name}” on many records."
    return call


def _versions(seen):
    if seen is None:
        return None
    if not isinstance(seen, dict) or not all(str(key).isdigit() for key in seen):
        raise Malformed("bad_versions", _("versions is an object of {id: version}."))
    return {int(key): wire.whole("versions", value) for key, value in seen.items()}
