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


def _sums(header: str, lines: str, key: str, parts: tuple[str, ...] = ("net", "tax", "gross")) -> str:
    """Headers whose totals are not the sums of their lines."""
    sums = ", ".join(f"sum({part}) as {part}" for part in parts)
    differ = " or ".join(f"h.total_{part} <> coalesce(l.{part}, 0)" for part in parts)
    return f"""select count(*) as count, min(coalesce(h.number, '#' || h.id)) as example from {header} h
    left join (select {key}, {sums} from {lines} group by {key}) l on l.{key} = h.id where {differ}"""


_OWED = "i.type in ('final', 'tax')"
_PAID = "select invoice_id, sum(amount) as paid from allocations group by invoice_id"
_CREDITED = """select credits_id, sum(total_gross) as credited from invoices
    where type = 'credit_note' and state = 'issued' and credits_id is not null group by credits_id"""
_NAME = "min(coalesce(i.number, '#' || i.id)) as example"

LEDGER = {  # what is wrong: {count, example}
    "orders differ from their lines": _sums("orders", "order_lines", "order_id"),
    "invoices differ from their lines": _sums("invoices", "invoice_lines", "invoice_id"),
    "quotes differ from their lines": _sums("quotes", "quote_lines", "quote_id"),
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
BOOK = """select (select count(*) from orders) as orders, (select count(*) from invoices) as invoices,
    (select count(*) from payments) as payments"""
