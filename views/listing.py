"""One list as a reader asked for it: filters from the address, one page of rows, everything formatted."""

from functools import cached_property
from types import SimpleNamespace
from urllib.parse import urlencode

from flask import g
from flask_babel import gettext as _
from flask_babel import ngettext
from wtforms import Form

from app.core.localized import format_number
from app.extensions import db
from app.reading import reader
from views import list_choices, lists
from views.bulk import asked_of_many, form_fields
from views.cells import kind_of, show
from views.filters import NumberOrOwner, OwnerWords
from views.labels import label

PAGING = ("after", "before", "last", "order", "direction")


class Listing:
    """The list of a screen under the parameters of an address.

    :param view: the screen (HouseView)
    :param args: the parameters: filter names, `state`, `after`, `before`, `last`, `order`, `direction`
    """

    def __init__(self, view, args):
        self.view, self.args, self.reader = view, list_choices.begun(view, args), reader()
        args = self.args
        self.model = view.model
        self.active = self._active()
        column, direction = view.base_order
        if args.get("order") in view.order_columns and not self._kept_inside(args["order"]):
            column = args["order"]
            direction = "asc" if args.get("direction") == "asc" else "desc"
        self.column, self.direction = column, direction
        states = view.flow.states if view.flow else {}
        self._state_words = {code: str(word) for code, word in states.items()} or None  # once, not once per row

    def _active(self):
        """[(filter, value)] of what the address asks for; what cannot be read is passed over."""
        found = []
        for one in (*self.filters, *([self.view.quick] if self.view.quick else [])):
            text = (self.args.get(one.name) or "").strip()
            if text and not self._kept_inside(one.name):
                try:
                    found.append((one, one.read(text, self.reader)))
                except (ValueError, KeyError):
                    continue
        return found

    def _kept_inside(self, name):
        """Whether a column is not for the reader: what he may not see he cannot find out by asking either."""
        return self.view.outside and name in self.view.internal

    @property
    def filters(self):
        """The filters the reader may set; who has one customer needs none for it."""
        return [one for one in self.view.filters if not (self.alone and isinstance(one, OwnerWords))]

    @property
    def alone(self):
        """Whether the reader is a customer's person and acts for that one customer only."""
        return self.view.outside and len(g.work.actor.customers) < 2

    @property
    def state(self):
        flow = self.view.flow
        return self.args.get("state") if flow and self.args.get("state") in flow.states else None

    def query(self, with_state=True):
        """Every row that matches, in no order."""
        query = self._filtered.with_session(db.session())  # an export goes on in a session of its own
        if with_state and self.state:
            query = query.filter(self.model.state == self.state)
        return query

    @cached_property
    def _filtered(self):
        """What the filters leave of all rows; some of them ask the database for ids first, once."""
        query = self.view.query()
        for one, value in self.active:
            query = one.apply(query, self.model, value, db.session)
        return query

    def columns(self):
        """The columns the reader chose, else those of the screen."""
        return list_choices.columns(self.view)

    def page(self):
        bare = self.query()
        query = lists.narrow_columns(bare, self.model, [*self.columns(), *self.view.marked_by, self.column])
        found = lists.page(
            query,
            self.model,
            column=self.column,
            direction=self.direction,
            size=self.view.page_size,
            after=self.args.get("after"),
            before=self.args.get("before"),
            last=bool(self.args.get("last")),
            scattered=bare if any(one.scattered for one, _value in self.active) else None,
        )
        self.view.prepare(found.rows)
        return found

    @property
    def _narrowed(self):
        """Whether the list shows less than the table has."""
        return bool(self.active or self.state) or not g.work.actor.inside or g.work.actor.branches is not None

    def count(self):
        return lists.count(db.session, self.query(), self.model, self._narrowed)

    def _figures(self):
        """How many rows there are, and how many in each state."""
        searching = any(one.searching for one, _value in self.active)
        known = [] if searching or not self.view.flow else list(self.view.flow.states)
        return lists.figures(db.session, self.query(), self.model, self._narrowed, self.query(False), known)

    def ids(self, limit):
        """Ids of all that match, newest first, at most `limit`."""
        return [row.id for row in self.query().with_entities(self.model.id).order_by(self.model.id.desc()).limit(limit)]

    # --- for the template ----------------------------------------------------------------------

    def address(self, drop=(), **more):
        """The list's address with some parameters changed; paging starts anew."""
        kept = {k: v for k, v in self.args.items() if k not in (*PAGING, *drop) and v}
        if self.args.get("order") and "order" not in drop:
            kept |= {"order": self.column, "direction": self.direction}
        kept |= {k: v for k, v in more.items() if v}
        if not kept and list_choices.opens_filtered(self.view):
            kept = {"view": list_choices.EVERY_ROW}
        return self.view.url("list") + (f"?{urlencode(kept)}" if kept else "")

    def house(self):
        """Everything `house/list.html` draws (docs/theme.md)."""
        view, page, (total, counts) = self.view, self.page(), self._figures()
        names = self.columns()
        house = SimpleNamespace(
            columns=[self._column(name) for name in names],
            rows=[self._row(row, names) for row in page.rows],
            main=names[0],
            states=self._states(counts),
            search=self._search(),
            filters=self._chips(),
            clear_url=self.address(drop=[one.name for one, _v in self.active]),
            count_text=self.count_text(total),
            matching=total,
            matching_text=self.number(total),
            actions=self._actions(),
            action_url=view.url("action_post") if view.has("action_post") else None,
            export_urls=[(k.upper(), view.url("export", kind=k) + self.query_string()) for k in ("csv", "xlsx")
                         if view.has("export")],
            add_url=view.url("add") if view.may("write") and view.has("add") else None,
            add_label=view.add_label,
            links=[],
            first_url=self.address() if self.args.get("after") or self.args.get("last") or page.prev else None,
            prev_url=self.address(before=page.prev) if page.prev else None,
            next_url=self.address(after=page.next) if page.next else None,
            last_url=self.address(last="1") if page.next else None,
        )
        house.filter_form = self._filter_form()
        names = {one.name for one in self.filters}
        house.filter_keep = [(k, v) for k, v in self.args.items() if k not in (*PAGING, *names) and v]
        house.query, house.choice = self.query_string(), list_choices.house(self)
        return house

    def query_string(self):
        """The parameters that find the same rows again, as they stand behind an address."""
        found = self._query_string()
        return found or (f"?view={list_choices.EVERY_ROW}" if list_choices.opens_filtered(self.view) else "")

    def _query_string(self):
        kept = {k: v for k, v in self.args.items() if k not in PAGING and v}
        return f"?{urlencode(kept)}" if kept else ""

    def number(self, total):
        """A count as people read it: beyond the cap "10,000+"."""
        capped = total > lists.COUNT_CAP
        return format_number(min(total, lists.COUNT_CAP), self.reader) + ("+" if capped else "")

    def count_text(self, total):
        return ngettext("%(count)s record", "%(count)s records", min(total, lists.COUNT_CAP), count=self.number(total))

    def _column(self, name):
        sortable = name in self.view.order_columns
        current = name == self.column and self.args.get("order")
        turn = "asc" if current and self.direction == "desc" else "desc"
        return SimpleNamespace(
            name=name,
            label=str(self.view.label_columns.get(name) or label(name)),  # drawn once per cell
            kind=kind_of(self.model, name) if kind_of(self.model, name) != "wide" else "text",
            sort_url=self.address(drop=("order",), order=name, direction=turn) if sortable else None,
            sorted=self.direction if current else None,
        )

    def _row(self, row, names):
        cells = [show(row, name, self.reader, self._state_words) for name in names]
        if not cells[0]:
            cells[0] = str(row)
        return SimpleNamespace(id=row.id, url=f"{self.view.route_base}/show/{row.id}", cells=cells,
                               marks=self.view.marks(row))  # fmt: skip

    def _states(self, found):
        if not self.view.flow:
            return None
        states = self.view.flow.states
        counts = dict.fromkeys(states, 0) | found
        tabs = [SimpleNamespace(code="", label=_("All"), count=None, url=self.address(drop=("state",)),
                                active=self.state is None)]  # fmt: skip
        for code, word in states.items():
            many = counts[code] >= lists.STATE_CAP
            said = format_number(counts[code], self.reader) + ("+" if many else "") if counts[code] else None
            tabs.append(
                SimpleNamespace(
                    code=code, label=word, count=said, url=self.address(state=code), active=self.state == code
                )
            )
        return tabs

    def _search(self):
        quick = self.view.quick
        if quick is None:
            return None
        keep = [(k, v) for k, v in self.args.items() if k not in (*PAGING, quick.name) and v]
        return SimpleNamespace(
            name=quick.name, value=self.args.get(quick.name, ""), keep=keep,
            placeholder=quick.alone if self.alone and isinstance(quick, NumberOrOwner) else quick.title,
        )

    def _chips(self):
        chips = []
        for one, value in self.active:
            if one is self.view.quick:
                continue
            said = f"{one.title}: {one.said(value, db.session, self.reader)}"
            chips.append(SimpleNamespace(label=said, remove_url=self.address(drop=(one.name,))))
        return chips

    def _filter_form(self):
        """The fields behind the button "Filter", filled with what is set."""
        shown = [one for one in self.filters if not self._kept_inside(one.name)]
        return [FilterField(self.view.endpoint, one, self.args) for one in shown] or None

    def _actions(self):
        """The steps for ticked rows; where all rows are in one state, those that begin in it."""
        flow = self.view.flow
        shut = self.view.single_steps
        return [
            Step(one, self.view) for one in flow.transitions.values()
            if not (one.hidden or one.own_page) and one.name not in shut and g.work.actor.may(one.key)
            and (self.state is None or self.state in one.source)
        ] if flow else []  # fmt: skip


class FilterField:
    """A field of the filter form as the template draws it: empty ones look the same to everybody of a kind."""

    def __init__(self, screen, one, args):
        self.screen, self.name, self.one, self.args = screen, one.name, one, args

    @property
    def given(self):
        """Whether something is typed in it."""
        return bool(self.args.get(self.name))

    def field(self):
        """The WTForms field, with what is typed."""
        return type("FilterForm", (Form,), {self.name: self.one.field()})(self.args)[self.name]


class Step:
    """A step the reader may take on ticked rows; its dialog is drawn when somebody of his kind first sees it."""

    def __init__(self, step, view):
        self.name, self.label, self.ask, self.icon = step.name, step.label, step.ask, step.icon
        self.danger, self.step = step.style == "danger", step
        self.page, self.ask_many = step.name in view.step_pages, asked_of_many(step)

    @property
    def form_fields(self):
        """The fields of its form."""
        return form_fields(self.step)
