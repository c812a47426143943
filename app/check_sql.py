"""What `./serai check` asks the database."""

STRONG = "select rolname from pg_roles where rolname = any(:roles) and (rolsuper or rolbypassrls or rolcanlogin)"
ROLES = "select count(*) from pg_roles where rolname = any(:roles)"
UNGUARDED = """select wanted from unnest(cast(:tables as text[])) as wanted
left join pg_class c on c.oid = to_regclass(wanted) where not coalesce(c.relrowsecurity, false) order by 1"""

JOBS = """
select count(*) filter (where j.status = 'todo') as todo, count(*) filter (where j.status = 'doing') as doing,
  count(*) filter (where j.status = 'failed') as failed,
  count(*) filter (where j.status = 'doing' and (w.id is null
    or w.last_heartbeat < now() - make_interval(secs => :stalled))) as stalled,
  count(*) filter (where j.status = 'todo' and now() - make_interval(secs => :long) > coalesce(j.scheduled_at,
    (select min(e.at) from procrastinate_events e where e.job_id = j.id))) as late
from procrastinate_jobs j left join procrastinate_workers w on w.id = j.worker_id
"""

FILES = """
select sha256 from documents union select sha256 from file_versions
union select sha256 from attachments where deleted_at is null
union select sha256 from product_pictures union select thumb_sha256 from product_pictures
"""


def _sums(
    header: str, lines: str, key: str, parts: tuple[str, ...] = ("net", "tax", "gross"), which: str = "true",
    differ: str = "",
) -> str:  # fmt: skip
    """Headers whose totals are not the sums of their lines.

    :param which: a condition on the lines that count
    :param differ: what is wrong of a header `h` and the sums `l`, where totals are more than sums
    """
    sums = ", ".join(f"sum({part}) as {part}" for part in parts)
    differ = differ or " or ".join(f"h.total_{part} <> coalesce(l.{part}, 0)" for part in parts)
    return f"""select count(*) as count, min(coalesce(h.number, '#' || h.id)) as example from {header} h
    left join (select {key}, {sums} from {lines} where {which} group by {key}) l on l.{key} = h.id where {differ}"""


# Lines of a quote stay as they were offered: with a discount on the whole they only say what the priced side comes to.
_DISCOUNTED = """h.total_discount <> case when h.includes_tax then coalesce(l.gross, 0) - h.total_gross
      else coalesce(l.net, 0) - h.total_net end
    or h.total_gross <> h.total_net + h.total_tax or (h.total_discount = 0 and h.total_tax <> coalesce(l.tax, 0))"""
_OWED = "i.type in ('final', 'tax')"
_PAID = "select invoice_id, sum(amount) as paid from allocations group by invoice_id"
_CREDITED = """select credits_id, sum(total_gross) as credited from invoices
    where type = 'credit_note' and state = 'issued' and credits_id is not null group by credits_id"""
_NAME = "min(coalesce(i.number, '#' || i.id)) as example"

LEDGER = {  # what is wrong: {count, example}
    "orders differ from their lines": _sums("orders", "order_lines", "order_id"),
    "invoices differ from their lines": _sums("invoices", "invoice_lines", "invoice_id"),
    "quotes differ from their lines": _sums(
        "quotes", "quote_lines", "quote_id",
        which="counts and revision = (select q.revision from quotes q where q.id = quote_id)", differ=_DISCOUNTED,
    ),
    "contracts differ from their lines": _sums("contracts", "contract_lines", "contract_id", ("net",)),
    "invoices are paid otherwise than by their allocations": f"""
        select count(*) as count, {_NAME} from invoices i left join ({_PAID}) p on p.invoice_id = i.id
        where {_OWED} and i.paid_amount <> least(coalesce(p.paid, 0), i.total_gross)""",
    "invoices have a wrong open amount": f"""
        select count(*) as count, {_NAME} from invoices i left join ({_PAID}) p on p.invoice_id = i.id
        left join ({_CREDITED}) c on c.credits_id = i.id
        where {_OWED} and i.open_amount <> case when i.state = 'issued'
          then greatest(i.total_gross - coalesce(c.credited, 0) - coalesce(p.paid, 0), 0) else 0 end""",
    "invoices have a wrong payment status": f"""
        select count(*) as count, {_NAME} from invoices i
        where {_OWED} and i.state = 'issued' and (i.payment_status = 'paid') <> (i.open_amount = 0)""",
    "payments are spread otherwise than they came in": """
        select count(*) as count, min(coalesce(p.number, '#' || p.id)) as example from payments p
        left join (select payment_id, sum(amount) as spread from allocations group by payment_id) a
          on a.payment_id = p.id
        where coalesce(a.spread, 0) + p.unallocated <> case when p.state = 'confirmed' then p.amount else 0 end""",
    "order lines are billed beyond what they say": """
        select count(*) as count, min(l.sku) as example from order_lines l
        join (select n.order_line_id, sum(n.quantity) as billed from invoice_lines n
              join invoices i on i.id = n.invoice_id and i.state = 'issued' and i.type in ('final', 'tax')
              where n.order_line_id is not null group by n.order_line_id) b on b.order_line_id = l.id
        where b.billed > l.quantity_invoiced""",
}
PROMISED = """select count(*) as count, min(coalesce(o.number, '#' || o.id)) as example from order_lines l
    join orders o on o.id = l.order_id
    join (select order_line_id as id, sum(quantity) as kept from reservations group by order_line_id) r on r.id = l.id
    where r.kept > case when o.state in ('confirmed', 'released') and o.deleted_at is null
      then l.quantity_approved - l.quantity_shipped else 0 end"""
BOOK = """select (select count(*) from orders) as orders, (select count(*) from invoices) as invoices,
    (select count(*) from payments) as payments"""
