"""What our endpoints say of themselves in the OpenAPI document: from their place, their fields and their steps."""

from sqlalchemy import Boolean, Date, DateTime, Integer, LargeBinary, String
from sqlalchemy.orm import RelationshipProperty

from models.base import Exact, Localized
from views import step_data

REFUSALS = ("400", "401", "403", "404", "422")
NUMBER, TEXT, YES_NO, ANY = {"type": "integer"}, {"type": "string"}, {"type": "boolean"}, {}
OBJECT = {"type": "object"}
FILE = {"type": "string", "format": "binary"}
RECORD = {"type": "object", "properties": {"id": NUMBER, "name": TEXT}}
PARTS = {"file": FILE, "files": {"type": "array", "items": FILE}}
KINDS = {"pdf": "application/pdf", "html": "text/html", "csv": "text/csv",
         "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}  # fmt: skip
KEY = {"in": "header", "name": "Idempotency-Key", "schema": {"type": "string", "maxLength": 200},
       "description": "The same key and body gives the first answer again, for 24 hours."}  # fmt: skip


def operation(api, path, method, func):
    """The OpenAPI operation of an endpoint of a noun's API."""
    found = {
        "summary": (func.__doc__ or "").strip().split("\n")[0],
        "security": [{"jwt": []}, {"api_key": []}],
        "parameters": _parameters(path, method, func.__name__),
        "responses": {**_done(api, func.__name__),
                      **{code: {"$ref": f"#/components/responses/{code}"} for code in REFUSALS}},
    }  # fmt: skip
    if method in ("POST", "PUT"):
        found["requestBody"] = {"content": _contents(api, func.__name__)}
        found["responses"]["409"] = {"description": "The record is in another state, or was changed meanwhile."}
    return found


def _parameters(path, method, name):
    names = [part.strip("{}") for part in path.replace(".", "/").split("/") if part.startswith("{")]
    found = [{"in": "path", "name": one, "required": True, "schema": NUMBER if one == "pk" else TEXT} for one in names]
    if name == "get_list":
        found += [{"in": "query", "name": one, "schema": TEXT} for one in ("q", "after", "lang")]
    return [*found, KEY] if method == "POST" else found


def _done(api, name):
    """The answer when it was done, under its status."""
    if name == "document":
        return {"200": {"description": "OK", "content": {kind: {"schema": TEXT} for kind in KINDS.values()}}}
    status = "201" if name == "post" else "200"
    return {status: {"description": "OK", "content": {"application/json": {"schema": _answer(api, name)}}}}


def _answer(api, name):
    if name in api.answers:
        return api.answers[name]
    if name == "get_list":
        rows = {"type": "array", "items": _record(api, api.list_fields)}
        return _object(count=NUMBER, count_capped=YES_NO, next=TEXT, result=rows)
    if name in ("get", "post", "put"):
        return _object(id=NUMBER, result=_record(api, (*api.list_fields, *api.show_fields)))
    if name.startswith("step_"):
        return _object(id=NUMBER, state=TEXT, version=NUMBER, made=_object(noun=TEXT, id=NUMBER, number=TEXT))
    if name.startswith("bulk_"):
        refused = _object(id=NUMBER, error=TEXT, message=TEXT)
        return _object(done={"type": "array", "items": NUMBER}, refused={"type": "array", "items": refused})
    return {"type": "array", "items": OBJECT} if name in ("history", "transitions") else OBJECT


def _contents(api, name):
    """What may be sent, by media type: files as parts of a form, all else as JSON."""
    content = {"application/json": {"schema": _body(api, name)}}
    parts = api.parts.get(name)
    if parts is None:
        return content
    form = {"multipart/form-data": {"schema": _object(**{one: PARTS.get(one, TEXT) for one in parts})}}
    return form if name in api.parts_only else content | form


def _body(api, name):
    if name in ("post", "put"):
        names = (api.create_fields or api.write_fields) if name == "post" else api.write_fields
        more = {} if name == "post" else {"version": NUMBER}
        return _object(**more, **{one: _sent(api.model, one) for one in names})
    kind, _line, verb = name.partition("_")
    step = api.flow.transitions.get(verb) if api.flow else None
    if step is None or kind not in ("step", "bulk"):
        return OBJECT
    asked = {name: _asked(field) for name, field in step_data.known(step.form).items()}
    if kind == "step":
        return _object(version=NUMBER, **asked)
    ways = {"background": YES_NO, "dry_run": YES_NO}
    return _object(ids={"type": "array", "items": NUMBER}, versions=OBJECT, **ways, **asked)


def _asked(field):
    """What a step asks for in one field: anything, or a list of rows of which it says what they hold."""
    row = next((one for one in field.args if isinstance(one, dict)), None)
    if row is None or not getattr(field.field_class, "takes_rows", False):
        return ANY
    return {"type": "array", "items": _object(**{name: {"type": kind} for name, kind in row.items()})}


def _sent(model, name):
    """A field as programs send it: of a column its type, anything where the rule reads it."""
    attribute = model.__mapper__.attrs.get(name)
    return ANY if isinstance(attribute, RelationshipProperty) else _type(attribute)


def _object(**properties):
    return {"type": "object", "properties": properties}


def _record(api, names):
    """A record as `HouseApi.item` gives it: beside the code of a state stands its word."""
    found = fields(api.model, names)
    if api.flow and "state" in names:
        found["properties"]["state_label"] = TEXT
    return found


def fields(model, names):
    """Fields of a noun with the types they have in JSON; what is reckoned may be anything."""
    attributes = model.__mapper__.attrs
    return _object(**{name: _type(attributes.get(name)) for name in names})


def _type(attribute):
    if isinstance(attribute, RelationshipProperty):
        coded = isinstance(attribute.mapper.primary_key[0].type, String)  # a currency is told by its code
        return ANY if attribute.uselist else {**(TEXT if coded else RECORD), "nullable": True}
    column = attribute.columns[0] if hasattr(attribute, "columns") else None  # what is reckoned has none
    if column is None or isinstance(column.type, Localized | LargeBinary):
        return ANY
    more = {"nullable": True} if column.nullable else {}
    if isinstance(column.type, Exact):
        return {**TEXT, "description": "decimal number", **more}
    if isinstance(column.type, Date | DateTime):
        return {**TEXT, "format": "date" if isinstance(column.type, Date) else "date-time", **more}
    if isinstance(column.type, Boolean):
        return {**YES_NO, **more}
    return {**(NUMBER if isinstance(column.type, Integer) else TEXT), **more}
