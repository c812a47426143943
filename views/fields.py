"""Form fields that know our data: references asked for at the server, dates and amounts as people write them."""

from decimal import Decimal

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape
from sqlalchemy import Boolean, Date, DateTime, Integer, String, Text
from sqlalchemy.orm import RelationshipProperty
from wtforms import BooleanField, Field, Form, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, NumberRange, Optional
from wtforms.widgets import TextInput

from app.core import work
from app.core.localized import LOCALES, format_number, pick
from app.core.needed import Needed
from app.core.readable import parse_date, parse_decimal
from app.reading import reader
from config import LANGUAGES
from models.base import Exact, Localized
from views.labels import VALUES, label

ENDPOINTS = {}  # model class -> where its select box asks: filled by the screens


class ReferenceField(Field):
    """A record of another noun, chosen by asking the server; only rows the actor may see are taken."""

    def __init__(self, title=None, validators=None, target=None, endpoint=None, keep_object=False, **more):
        super().__init__(title, validators, **more)
        self.target, self.endpoint, self.keep_object = target, endpoint, keep_object

    def widget(self, field, **more):
        chosen = self.record()
        shown = escape(self.shown(chosen)) if chosen is not None else ""
        value = self._value()
        extra = Markup(" ").join(Markup('{}="{}"').format(key, val) for key, val in more.items())
        return Markup('<input id="{}" name="{}" value="{}" data-combo="{}" data-label="{}" {}>').format(
            self.id, self.name, value, self.endpoint or ENDPOINTS.get(self.target, ""), shown, extra
        )

    def shown(self, row):
        names = getattr(row, "names", None) or getattr(row, "symbols", None)
        return pick(names, reader().locale) if isinstance(names, dict) else str(row)

    def _value(self):
        if self.raw_data:
            return self.raw_data[0]
        return str(getattr(self.data, "id", getattr(self.data, "code", self.data)) or "") if self.data else ""

    def record(self):
        """The chosen record, if the actor may see it."""
        key = self._value()
        if not key or not self.target:
            return None
        kind = self.target.__mapper__.primary_key[0].type
        try:
            key = key if isinstance(kind, String) else int(key)
        except ValueError:
            return None
        return work.current().session.get(self.target, key)

    def process_formdata(self, values):
        self.data = None
        if values and values[0]:
            self.data = self.record()
            if self.data is None:
                raise ValueError(_("There is no such record."))

    def populate_obj(self, obj, name):
        setattr(obj, name, self.data)


class DecimalText(Field):
    """An exact number as the reader writes it: his digits, his separators; never a float."""

    widget = TextInput()

    def _value(self):
        if self.raw_data:
            return self.raw_data[0]
        return format_number(self.data, reader()) if self.data is not None else ""

    def process_formdata(self, values):
        text = str(values[0]).strip() if values and values[0] is not None else ""
        self.data = None
        if text:
            try:
                self.data = parse_decimal(text, reader())
            except ValueError as error:
                raise ValueError(str(error)) from None
            if self.data is not None and not isinstance(self.data, Decimal):
                raise ValueError(_("Enter a number."))


class WholeText(DecimalText):
    """A whole number as the reader writes it."""

    def __init__(self, title=None, validators=None, **more):
        super().__init__(title, validators, **more)
        self.render_kw = {"inputmode": "numeric", **(self.render_kw or {})}

    def process_formdata(self, values):
        super().process_formdata(values)
        if self.data is not None:
            if self.data != self.data.to_integral_value():
                raise ValueError(_("Enter a whole number."))
            self.data = int(self.data)


class DateText(Field):
    """A day in the reader's calendar."""

    def widget(self, field, **more):
        extra = Markup(" ").join(Markup('{}="{}"').format(key, val) for key, val in more.items())
        return Markup('<input id="{}" name="{}" value="{}" data-date autocomplete="off" {}>').format(
            self.id, self.name, self._value(), extra
        )

    def _value(self):
        if self.raw_data:
            return self.raw_data[0]
        return self.data.isoformat() if self.data else ""

    def process_formdata(self, values):
        text = values[0].strip() if values and values[0] else ""
        self.data = None
        if text:
            try:
                self.data = parse_date(text, reader())
            except ValueError as error:
                raise ValueError(str(error)) from None


class LocalizedText(Field):
    """One text in the six languages, an input for each."""

    def __init__(self, title=None, validators=None, area=False, **more):
        super().__init__(title, validators, **more)
        self.area = area

    def widget(self, field, **more):
        rows = []
        for one in LOCALES:
            value = escape((self.data or {}).get(one, ""))
            name, direction = f"{self.name}.{one}", "rtl" if one == "fa" else "ltr"
            tag = (
                f'<textarea class="control" name="{name}" rows="2" dir="{direction}" lang="{one}" aria-label="{one}">'
                f"{value}</textarea>"
                if self.area
                else f'<input class="control" name="{name}" value="{value}" dir="{direction}" lang="{one}" '
                f'aria-label="{one}">'
            )
            rows.append(f'<div class="localized"><span class="muted">{one.split("_")[0]}</span>{tag}</div>')
        return Markup(f'<div class="localized-texts" id="{self.id}">{"".join(rows)}</div>')

    def process(self, formdata, data=None, extra_filters=None):
        super().process(None, data, extra_filters)
        if formdata:
            given = {one: formdata.get(f"{self.name}.{one}") for one in LOCALES}
            if any(value is not None for value in given.values()):
                self.data = {one: value.strip() for one, value in given.items() if value and value.strip()}
                self.raw_data = [next(iter(self.data.values()), "")]


def form_for(model, names, *, required=(), readonly=()):
    """A WTForms form of a model's columns; constraints and choices are read off the model."""
    fields = {}
    for name in names:
        fields[name] = _field(model, name, name in required)
    return type(f"{model.__name__}Form", (HouseForm,), fields)


class HouseForm(Form):
    """A form of ours: what is typed is stripped, errors speak the reader's language."""

    class Meta:
        locales = False

        def bind_field(self, form, unbound_field, options):
            filters = [*unbound_field.kwargs.get("filters", ())]
            if unbound_field.field_class in (StringField, TextAreaField):
                filters.append(lambda value: value.strip() if isinstance(value, str) else value)
            return unbound_field.bind(form=form, **{**options, "filters": filters})

    def hidden_tag(self):
        return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())

    @classmethod
    def refresh(cls, obj=None):
        """The framework's way to ask for a fresh form."""
        return cls(obj=obj)


def _field(model, name, required):
    prop = model.__mapper__.attrs[name]
    title = label(name)
    if isinstance(prop, RelationshipProperty):
        local = next(iter(prop.local_columns))
        must = required or (not local.nullable and local.default is None)
        return ReferenceField(title, [_required()] if must else [Optional()], target=prop.mapper.class_)
    column = prop.columns[0]
    kind = column.type
    must = required or (not column.nullable and column.default is None and column.server_default is None)
    checks = [_required()] if must else [Optional()]
    if isinstance(kind, Localized):
        return LocalizedText(title, checks if must else [], area="description" in name)
    if isinstance(kind, Exact):
        return DecimalText(title, checks)
    if isinstance(kind, Boolean):
        return BooleanField(title)
    if isinstance(kind, Date | DateTime):
        return DateText(title, checks)
    if isinstance(kind, Integer):
        return WholeText(title, [*checks, NumberRange(min=-(2**31), max=2**31 - 1)])
    choices = _choices(name)
    if choices is not None:
        return SelectField(title, choices=options(choices, blank=not must), default=_default(column))
    if isinstance(kind, Text):
        return TextAreaField(title, [*checks, Length(max=20_000)])
    return StringField(title, [*checks, *([Length(max=kind.length)] if getattr(kind, "length", None) else [])])


def options(words, blank=False):
    """The options of a select field: {value: label}."""
    return [*([SelectChoice("", "")] if blank else []), *(SelectChoice(code, word) for code, word in words.items())]


def _required():
    return Needed(_l("Fill in this field."))


def _default(column):
    return column.default.arg if column.default is not None and column.default.is_scalar else None


def _choices(name):
    if name in ("language", "locale"):
        return {code: words["name"] for code, words in LANGUAGES.items()}
    if name in VALUES:
        return VALUES[name]
    return None
