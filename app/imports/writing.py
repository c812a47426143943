"""Writing documents of a file: settled orders as completed, those of its last days as submitted, returns as
issued credit notes.

What was settled in the books the file comes from is settled here as well: approved, shipped, billed, paid. The
file names no tax, so amounts are taken over without any. A line keeps the ordinal of its document as position.
"""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.core import settings
from app.core.flow import FLOWS
from app.core.history import History, plain
from app.imports import bulk, masters
from app.imports.reading import Line, Refused, Survey, instant, is_credit
from app.rules import approvals, entry, pricing, tax
from models.base import HOUSE_BRANCH
from models.invoices import Invoice, InvoiceLine
from models.orders import ImportedLine, Order, OrderLine
from models.organisation import Branch

SOURCE = "online-retail"
TERMS_DAYS = 30  # of a credit note; the file names none
_TOLD = ("sku", "quantity_ordered", "quantity", "unit_price")  # what the history tells of a line


class Batch:
    """Some documents of the file, taken over in one transaction.

    :param documents: the lines of each, as `reading.documents` gives them
    """

    def __init__(self, documents: list[list[Line | Refused]], survey: Survey, work) -> None:
        self.survey, self.work = survey, work
        self.refused = [one for lines in documents for one in lines if isinstance(one, Refused)]
        self.taken: dict[str, list[Line]] = {}
        for lines in documents:
            good = [one for one in lines if isinstance(one, Line)]
            if good:
                self.taken[good[0].document] = good

    def write(self) -> None:
        """Take over what is not there yet; `taken` and `refused` then say what became of each line."""
        known = self._known()
        self._refuse(self._strange(known), "number_taken")
        new = {number: lines for number, lines in self.taken.items() if number not in known}
        more = {number: [line for line in lines if line.ordinal not in known.get(number, ())]
                for number, lines in self.taken.items() if number in known}  # fmt: skip
        more = {number: lines for number, lines in more.items() if lines}
        wanted = [line for lines in (*new.values(), *more.values()) for line in lines]
        self.goods = masters.goods(wanted, self.survey, self.work)
        self.buyers = masters.buyers({lines[0].customer for lines in new.values()}, self.survey, self.work)
        done = [lines for number, lines in new.items() if not is_credit(number) and not self._open(lines)]
        self._orders(done)
        self._credit_notes([lines for number, lines in new.items() if is_credit(number)])
        for lines in (lines for number, lines in new.items() if not is_credit(number) and self._open(lines)):
            self._submitted(lines)
        for number, lines in more.items():
            self._more(number, lines, known[number])
        self._remember(wanted)

    def _open(self, lines: list[Line]) -> bool:
        return self.survey.is_open(lines[0].when)

    def _refuse(self, numbers: Iterable[str], reason: str, lines: list[Line] | None = None) -> None:
        for number in numbers:
            for line in self.taken[number] if lines is None else lines:
                self.refused.append(Refused(line.at, line.document, line.ordinal, reason))
            kept = [] if lines is None else [one for one in self.taken[number] if one not in lines]
            self.taken[number] = kept
        self.taken = {number: kept for number, kept in self.taken.items() if kept}

    # --- what is there -------------------------------------------------------------------------

    def _known(self) -> dict[str, set[int]]:
        """Lines that were taken over before: {document: ordinals}."""
        rows = self.work.session.execute(
            select(ImportedLine.document, ImportedLine.ordinal).where(
                ImportedLine.source == SOURCE, ImportedLine.document.in_(list(self.taken))
            )
        )
        found: dict[str, set[int]] = {}
        for document, ordinal in rows:
            found.setdefault(document, set()).add(ordinal)
        return found

    def _strange(self, known: dict[str, set[int]]) -> list[str]:
        """Numbers of new documents that a record of another origin bears."""
        new = [number for number in self.taken if number not in known]
        found: set[str] = set()
        for model in (Order, Invoice):
            found.update(self.work.session.scalars(select(model.number).where(model.number.in_(new))))
        return sorted(found)

    def _remember(self, lines: list[Line]) -> None:
        kept = {(line.document, line.ordinal) for found in self.taken.values() for line in found}
        rows = [{"source": SOURCE, "document": line.document, "ordinal": line.ordinal}
                for line in lines if (line.document, line.ordinal) in kept]  # fmt: skip
        bulk.insert(ImportedLine, rows, self.work)

    # --- orders --------------------------------------------------------------------------------

    def _orders(self, documents: list[list[Line]]) -> None:
        """Settled orders, written in bulk: as `Flow.record` does, with history, without facts, stock or notices."""
        if not documents:
            return
        heads, parts = [], {}
        for lines in documents:
            rows = [self._order_line(line, done=True) for line in lines]
            heads.append(self._order(lines, rows) | self._settled(lines))
            parts[lines[0].document] = rows
        self._insert(Order, OrderLine, "order_id", heads, parts, "order", "completed")
        for lines in documents:
            buyer = self.buyers[lines[0].customer]
            buyer.first_order_at = buyer.first_order_at or instant(lines[0].when)

    def _order(self, lines: list[Line], rows: list[dict]) -> dict:
        buyer, at = self.buyers[lines[0].customer], instant(lines[0].when)
        sums = {f"total_{part}": sum((row[part] for row in rows), Decimal(0)) for part in ("net", "tax", "gross")}
        return {"number": lines[0].document, "customer_id": buyer.id, "branch_id": buyer.branch_id,
                "order_type_id": 1, "channel": "import", "locale": buyer.language,
                "currency_code": masters.CURRENCY, "ordered_at": at, "submitted_at": at, **sums}  # fmt: skip

    def _settled(self, lines: list[Line]) -> dict:
        at = instant(lines[0].when)
        return {"state": "completed", "confirmed_at": at, "completed_at": at,
                "shipping": "full", "billing": "full", "payment": "paid"}  # fmt: skip

    def _order_line(self, line: Line, *, done: bool) -> dict:
        quantity = line.quantity if done else Decimal(0)
        row = self._texts(line) | {
            "quantity_ordered": line.quantity, "quantity_approved": quantity, "quantity_shipped": quantity,
            "quantity_invoiced": quantity, "state": "approved" if done else "open", "list_price": line.price,
            "price_source": pricing.TAKEN_OVER, "sale_type": "purchase" if line.price else "gift",
        }  # fmt: skip
        return row | self._amounts(line)

    def _texts(self, line: Line) -> dict:
        product = self.goods[line.code.upper()]
        named = line.name in self.survey.goods[line.code.upper()].names
        return {"product_id": product.id, "sku": product.sku, "position": line.ordinal, "unit_price": line.price,
                "name": line.name if named else product.name}  # fmt: skip

    def _amounts(self, line: Line) -> dict:
        found = tax.net_tax_gross(line.price, abs(line.quantity), 0, 0, False, masters.CURRENCY)
        return {"net": found.net.amount, "tax": found.tax.amount, "gross": found.gross.amount}

    def _submitted(self, lines: list[Line]) -> None:
        """An order that is still to be decided on: stock looked at and approvals asked for, as at its submit."""
        work = self.work
        rows = [self._order_line(line, done=False) for line in lines]
        order = Order(**self._order(lines, rows))
        order.due_at = work.now + timedelta(hours=settings.get("ORDER_DUE_HOURS", work, branch=order.branch_id))
        order.lines = [OrderLine(customer_id=order.customer_id, **row) for row in rows]
        FLOWS["order"].record(order, "submitted", instant(lines[0].when), SOURCE)
        with work.doing("order.record", SOURCE):
            work.session.flush()
            self._ask(order)

    def _ask(self, order: Order) -> None:
        entry.check_stock(order, self.work)
        approvals.ask(order, self.work)
        self.work.session.flush()

    # --- credit notes --------------------------------------------------------------------------

    def _credit_notes(self, documents: list[list[Line]]) -> None:
        if not documents:
            return
        heads, parts = [], {}
        zone = ZoneInfo(self.work.session.get(Branch, HOUSE_BRANCH).timezone)
        for lines in documents:
            rows = [self._texts(line) | self._amounts(line) | {"quantity": -line.quantity} for line in lines]
            heads.append(self._credit_note(lines, rows, zone))
            parts[lines[0].document] = rows
        self._insert(Invoice, InvoiceLine, "invoice_id", heads, parts, "invoice", "issued")

    def _credit_note(self, lines: list[Line], rows: list[dict], zone: ZoneInfo) -> dict:
        buyer, at = self.buyers[lines[0].customer], instant(lines[0].when)
        day = at.astimezone(zone).date()
        sums = {f"total_{part}": sum((row[part] for row in rows), Decimal(0)) for part in ("net", "tax", "gross")}
        return {"number": lines[0].document, "type": "credit_note", "state": "issued", "customer_id": buyer.id,
                "branch_id": buyer.branch_id, "locale": buyer.language, "currency_code": masters.CURRENCY,
                "billing_address": buyer.name, "tax_id": buyer.tax_id, "terms_days": TERMS_DAYS, "issued_at": at,
                "issued_on": day, "due_on": day + timedelta(days=TERMS_DAYS), "payment_status": "paid",
                **sums}  # fmt: skip

    # --- in bulk -------------------------------------------------------------------------------

    def _insert(self, model, part, parent: str, heads: list[dict], parts: dict, noun: str, state: str) -> None:
        """Insert records with their lines, and one entry of history for each record."""
        stamps = {"created_at": self.work.now, "updated_at": self.work.now}
        heads = [row | stamps for row in heads]
        ids = dict(map(tuple, bulk.insert(model, heads, self.work, ("number", "id"))))
        owners = {row["number"]: row["customer_id"] for row in heads}
        rows = [row | stamps | {parent: ids[number], "customer_id": owners[number]}
                for number, found in parts.items() for row in found]  # fmt: skip
        made = bulk.insert(part, rows, self.work, (parent, "position", "id"))
        line_ids = {(one, position): identity for one, position, identity in made}
        told = [self._told(row, parts[row["number"]], ids[row["number"]], line_ids, noun, state) for row in heads]
        bulk.insert(History, told, self.work)

    def _told(self, head: dict, rows: list[dict], identity: int, line_ids: dict, noun: str, state: str) -> dict:
        work, at = self.work, head.get("ordered_at") or head["issued_at"]
        changes = {"at": [None, plain(at)], "state": [None, state], "number": [None, head["number"]],
                   "total_gross": [None, plain(head["total_gross"])]}  # fmt: skip
        for row in rows:
            line = f"lines.{line_ids[identity, row['position']]}"
            changes |= {f"{line}.{name}": [None, plain(row[name])] for name in _TOLD if name in row}
        return {"customer_id": head["customer_id"], "noun": noun, "record_id": identity, "at": work.now,
                "actor": work.actor.name, "inside": work.actor.kind, "action": f"{noun}.record",
                "source": work.source, "note": SOURCE, "changes": changes}  # fmt: skip

    # --- a longer file than last time ------------------------------------------------------------

    def _more(self, number: str, lines: list[Line], known: set[int]) -> None:
        """Lines that an earlier, shorter file did not have yet join their order while nobody has touched it."""
        wanted = select(Order).where(Order.number == number)
        order = None if is_credit(number) else self.work.session.scalars(wanted.with_for_update(of=Order)).first()
        imported = order is not None and order.channel == "import" and len(order.lines) == len(known)
        if not imported or order.state not in ("completed", "submitted"):
            self._refuse([number], "document_closed", lines)
            return
        done = order.state == "completed"
        rows = [self._order_line(line, done=done) for line in lines]
        with self.work.doing("order.record", SOURCE):
            order.lines += [OrderLine(customer_id=order.customer_id, **row) for row in rows]
            entry.sum_up(order)
            self.work.session.flush()
            if not done:
                self._ask(order)
