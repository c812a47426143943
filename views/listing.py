"""One list as a reader asked for it: filters from the address, one page of rows, everything formatted."""

from types import SimpleNamespace
from urllib.parse import urlencode

from flask import g
from flask_babel import gettext as _
from flask_babel import ngettext
from wtforms import Form

from app.core.localized import format_number
from app.extensions import db
from app.reading import reader
from views import lists
from views.bulk import form_fields
from views.cells import kind_of, show
from views.labels import label

PAGING = ("after", "before", "last", "order", "direction")


class Listing:
    """The list of a screen under the parameters of an address.

    :param view: the screen (HouseView)
    :param args: the parameters: filter names, `state`, `after`, `before`, `last`, `order`, `direction`
    """

    def __init__(self, view, args):
        self.view, self.args, self.reader = view, args, reader()
        self.model = view.model
        self.active = self._active()
        column, direction = view.base_order
        if args.get("order") in view.order_columns:
            column = args["order"]
            direction = "asc" if args.get("direction") == "asc" else "desc"
        self.column, self.direction = column, direction
        states = view.flow.states if view.flow else {}
        self._state_words = {code: str(word) for code, word in states.items()} or None  # once, not once per row

    def _active(self):
        """[(filter, value)] of what the address asks for; what cannot be read is passed over."""
        found = []
        for one in (*self.view.filters, *([self.view.quick] if self.view.quick else [])):
            text = (self.args.get(one.name) or "").strip()
            if text:
                try:
                    found.append((one, one.read(text, self.reader)))
                except (ValueError, KeyError):
                    continue
        return found

    @property
    def state(self):
        flow = self.view.flow
        return self.args.get("state") if flow and self.args.get("state") in flow.states else None

    def query(self, with_state=True):
        """Every row that matches, in no order."""
        query = self.view.query()
        for one, value in self.active:
            query = one.apply(query, self.model, value, db.session)
        if with_state and self.state:
            query = query.filter(self.model.state == self.state)
        return query

    def page(self):
        query = lists.narrow_columns(self.query(), self.model, self.view.columns())
        return lists.page(
            query,
            self.model,
            column=self.column,
            direction=self.direction,
            size=self.view.page_size,
            after=self.args.get("after"),
            before=self.args.get("before"),
            last=bool(self.args.get("last")),
        )

    def count(self):
        filtered = bool(self.active or self.state) or not g.work.actor.inside or g.work.actor.branches is not None
        return lists.count(db.session, self.query(), self.model, filtered)

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
        return self.view.url("list") + (f"?{urlencode(kept)}" if kept else "")

    def house(self):
        """Everything `house/list.html` draws (docs/theme.md)."""
        view, page, total = self.view, self.page(), self.count()
        names = view.columns()
        house = SimpleNamespace(
            columns=[self._column(name) for name in names],
            rows=[self._row(row, names) for row in page.rows],
            main=names[0],
            states=self._states(),
            search=self._search(),
            filters=self._chips(),
            clear_url=self.address(drop=[one.name for one, _v in self.active]),
            count_text=self.count_text(total),
            matching=total,
            matching_text=self.number(total),
            actions=self._actions(),
            action_url=view.url("action_post"),
            export_urls=[(k.upper(), view.url("export", kind=k) + self._query_string()) for k in ("csv", "xlsx")],
            add_url=view.url("add") if view.may("write") and "add" not in view.exclude_route_methods else None,
            add_label=view.add_label,
            links=[],
            first_url=self.address() if self.args.get("after") or self.args.get("last") or page.prev else None,
            prev_url=self.address(before=page.prev) if page.prev else None,
            next_url=self.address(after=page.next) if page.next else None,
            last_url=self.address(last="1") if page.next else None,
        )
        house.filter_form = self._filter_form()
        names = {one.name for one in self.view.filters}
        house.filter_keep = [(k, v) for k, v in self.args.items() if k not in (*PAGING, *names) and v]
        return house

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
        return SimpleNamespace(id=row.id, url=f"{self.view.route_base}/show/{row.id}", cells=cells)

    def _states(self):
        if not self.view.flow:
            return None
        states = self.view.flow.states
        searching = any(one.searching for one, _value in self.active)
        known = () if searching else list(states)
        counts = dict.fromkeys(states, 0) | lists.state_counts(db.session, self.query(False), self.model, known)
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
            name=quick.name, value=self.args.get(quick.name, ""), placeholder=quick.title, keep=keep
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
        shown = [one for one in self.view.filters if not (self.view.outside and one.name in self.view.internal)]
        if not shown:
            return None
        form = type("FilterForm", (Form,), {one.name: one.field() for one in shown})
        return form(self.args)

    def _actions(self):
        flow = self.view.flow
        if not flow:
            return []
        return [
            SimpleNamespace(
                name=step.name, label=step.label, ask=step.ask, icon=step.icon, danger=step.style == "danger",
                form_fields=form_fields(step),
            )
            for step in flow.transitions.values()
            if not step.hidden and g.work.actor.may(step.key)
        ]  # fmt: skip
