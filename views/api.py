"""The same nouns over REST: one permission check, one door, the house's shapes (contract, REST)."""

from contextlib import contextmanager

from flask import g, jsonify, request, url_for
from flask_appbuilder.api import BaseApi, expose
from flask_babel import gettext as _
from sqlalchemy import select

from app.answers import shape
from app.core.errors import BusinessError, Forbidden, NotFound
from app.core.flow import stale
from app.core.history import History, number_of
from app.extensions import db
from views import api_steps, lists, queries, records, timeline, wire
from views.doors import body, done, door
from views.spec import operation


def check_customer(row, given):
    """Whose a record is never changes; to say it again is no change.

    :raises BusinessError: 'customer_stays'
    """
    wanted, held = given.get("customer"), getattr(row, "customer_id", None)
    if held is not None and wanted is not None and str(wanted) != str(held):
        raise BusinessError("customer_stays", _("The customer of a record cannot be changed."), field="customer")


class HouseApi(BaseApi):
    """A noun over REST. Set `noun`, `model`, the columns, and the rules that write."""

    noun = None
    model = None
    flow = None
    reports = ()
    list_fields = ("id", "version")
    show_fields = ()
    portal_hidden = frozenset()
    inside_parts = ()
    inside_steps = frozenset()
    line_fields = ()
    line_relation = "lines"
    filter_columns = ("id",)
    word_filters = {}
    order_columns = ("id",)
    write_fields = ()
    create_fields = None
    on_save = None  # rule(record, work)
    on_delete = None
    also = {}  # {name: function(record)}: what later nouns say of one record; None says nothing
    parts = {}  # {endpoint: names of the parts} of what is sent as multipart/form-data
    parts_only = frozenset()  # those of them that take no JSON
    answers = {}  # {endpoint: schema} of answers that are not told by its name
    told_as = {}  # {column: the name under which programs send it}: refusals name what was sent
    csrf_exempt = False
    allow_browser_login = True
    method_permission_name = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.also = dict(cls.also)  # each noun's own
        if not cls.noun:
            return
        cls.class_permission_name = cls.class_permission_name or "".join(p.capitalize() for p in cls.noun.split("_"))
        if cls.flow:
            api_steps.attach(cls)

    # --- reading -------------------------------------------------------------------------------

    def query(self):
        return db.session.query(self.model)

    def fields(self, names):
        outside = not g.work.actor.inside
        return [name for name in names if not (outside and name in self.portal_hidden)]

    def item(self, row, names):
        """A record as JSON."""
        result = {name: self.value(row, name) for name in self.fields(names)}
        if self.flow and "state" in result:  # the code stays; the word is the reader's
            result["state_label"] = str(self.flow.states.get(result["state"], result["state"]))
        return result

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
        column, direction = queries.ordering(given, self.fields(self.order_columns), self.model)
        after = request.args.get("after")
        query = queries.filtered(self.query(), self.model, given, self.fields(self.filter_columns), self.word_filters)
        inside = g.work.actor.inside and g.work.actor.branches is None
        total = lists.count(db.session, query, self.model, bool(given.get("filters")) or not inside)
        page = lists.page(
            lists.narrow_columns(query, self.model, [*self.loaded(), column]), self.model, column=column,
            direction=direction, size=size, after=after, skip=0 if after else number * size,
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
        columns = self.fields(self.filter_columns)
        filters = {name: [{"operator": one} for one in self._operators(name)] for name in columns}
        return jsonify(
            {
                "permissions": [f"can_{one}" for one in permissions],
                "filters": filters,
                "list_columns": self.fields(self.list_fields),
                "order_columns": self.fields(self.order_columns),
                "add_columns": [{"name": name} for name in self.fields(self.create_fields or self.write_fields)],
                "edit_columns": [{"name": name} for name in self.fields(self.write_fields)],
            }
        )

    def _operators(self, name):
        if name in self.model.__mapper__.relationships:
            return queries.RELATION_OPS
        if name not in self.model.__mapper__.columns:
            return queries.WORD_OPS
        text = self.model.__mapper__.columns[name].type.python_type is str
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
        told = {name: tell(row) for name, tell in self.also.items()}
        return {"id": row.id, "result": result | {name: one for name, one in told.items() if one is not None}}

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
        with self._writing("create"):
            row = g.just_made = self.create(given, g.work)
            db.session.flush()
            return done(self.shown(row), 201)

    @contextmanager
    def _writing(self, action):
        try:
            with g.work.doing(f"{self.noun}.{action}"):
                yield
        except BusinessError as error:
            field = error.details.get("field")
            error.details |= {"field": self.told_as[field]} if field in self.told_as else {}
            raise

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
        wire.known(given, {*self.fields(allowed), "version"})
        for name, value in given.items():
            if name != "version":
                wire.put(row, name, value, db.session)

    @expose("/<int:pk>", methods=["PUT"])
    @door("write")
    def put(self, pk):
        """Change a record."""
        row, given = self.find(pk), body()
        self.check_version(row, given)
        check_customer(row, given)
        with self._writing("edit"):
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
        seen, held = given.get("version"), getattr(row, "version", None)
        if seen is not None and wire.whole("version", seen) != held and held is not None:
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
            .where(History.noun == (mark if isinstance(mark, str) else self.noun), History.record_id == number_of(row))
            .order_by(History.id.desc())
            .limit(200)
        )
        return jsonify([self._entry(one) for one in rows if not timeline.kept_inside(self, one)])

    def _entry(self, one):
        outside = not g.work.actor.inside
        changes = {
            name: pair
            for name, pair in one.changes.items()
            if not (outside and (name.rpartition(".")[2] in self.portal_hidden or name.endswith("_by")
                                 or name.partition(".")[0] in self.inside_parts
                                 or timeline.names_a_user(self.model, name)))
        }
        return {
            "at": wire.out(one, "at"),
            "actor": timeline.actor_name(one),
            "action": one.action.rpartition(".")[2],
            "source": one.source if not outside else one.source.partition(":")[0],
            "changes": changes,
            "note": timeline.note(one),
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
            operations[method.lower()] = operation(self, path or "", method, func)
