"""The statements of the load generator. `i` is the number of an order, from 1 to `orders`; all else follows from it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What of the head office the orders need."""

    id: int
    currency_code: str
    country_code: str
    timezone: str


@dataclass(frozen=True)
class Series:
    """A number series, as `numbering.shape` takes it."""

    id: int
    prefix: str
    yearly: bool
    width: int


def defaults(model):
    """What the model itself fills in: {column: plain value}."""
    table = model.__table__
    return {one.name: one.default.arg for one in table.columns
            if one.default is not None and one.default.is_scalar}  # fmt: skip


def insert(model, given):
    """An insert from a select; columns that are not given get the model's own default.

    :param given: (columns and their expressions, the rest of the select)
    """
    expressions, rest = given
    more = {name: _literal(value) for name, value in defaults(model).items() if name not in expressions}
    every = expressions | more
    if "created_at" in model.__table__.columns:
        every |= {"created_at": "%(now)s", "updated_at": "%(now)s"} | {
            name: every[name] for name in ("created_at", "updated_at") if name in every}  # fmt: skip
    callables = [one.name for one in model.__table__.columns
                 if one.default is not None and one.default.is_callable and one.name not in every]  # fmt: skip
    every |= dict.fromkeys(callables, "'{}'")
    return f"insert into {model.__tablename__} ({', '.join(every)}) select {', '.join(every.values())} {rest}"


def _literal(value):
    if isinstance(value, bool | int):
        return str(value).lower()
    return "'" + str(value).replace("'", "''").replace("%", "%%") + "'"


def customer_columns(model):
    """The columns a customer is copied with, with what they are by default."""
    names = ("number", "name", "country_code", "currency_code", "email", "search", "first_order_at", "created_at",
             "updated_at")  # fmt: skip
    return dict.fromkeys(names, "") | {name: value for name, value in defaults(model).items() if name not in names}


# --- masters -------------------------------------------------------------------------------------

GOODS_TABLE = """create temp table load_goods (n bigint primary key, product_id bigint, sku text, name text, unit text,
    price numeric, list text, tax_code text, rate numeric)"""
COLLECT = """insert into load_goods
select row_number() over (order by p.id) - 1, p.id, p.sku, coalesce(p.names->>'en', p.sku), p.unit_code, r.unit_price,
    l.name, c.code, coalesce((select t.rate from tax_rates t where t.tax_category_id = c.id
        and t.country_code = %(country)s and t.valid_on <= current_date order by t.valid_on desc limit 1), 0)
from products p join prices r on r.product_id = p.id and r.from_quantity = 1 and r.deleted_at is null
join price_lists l on l.id = r.price_list_id join tax_categories c on c.id = p.tax_category_id
where l.id = (select id from price_lists where everyone and currency_code = %(currency)s and archived_at is null
              and not includes_tax order by id limit 1)
  and p.archived_at is null and not p.service and p.everyone and r.unit_price between 0.01 and 100
  and (select digits from units u where u.code = p.unit_code) = 0"""
PRICE_LIST = {
    "name": "'General ' || %(currency)s::text", "currency_code": "%(currency)s::text",
    "valid_from": "date '2020-01-01'",
}, """where not exists (select 1 from price_lists where everyone and currency_code = %(currency)s
    and archived_at is null)"""  # fmt: skip
_ROWS = "from jsonb_to_recordset(%(rows)s::jsonb) as given(sku text, names jsonb, search text, price numeric)"
PRODUCT = {
    "sku": "sku", "names": "names", "search": "search::tsvector",
    "tax_category_id": "(select id from tax_categories where code = 'standard')",
}, f"{_ROWS} where not exists (select 1 from products p where upper(p.sku) = upper(given.sku))"  # fmt: skip
PRICE = {
    "product_id": "p.id", "unit_price": "given.price",
    "price_list_id": """(select id from price_lists where everyone and currency_code = %(currency)s
        and archived_at is null order by id limit 1)""",
}, f"{_ROWS} join products p on p.sku = given.sku on conflict do nothing"  # fmt: skip
ADDRESS = {
    "customer_id": "id", "recipient": "name", "street": "id || ' High Street'",
    "city": "split_part(name, ' ', 3)", "country_code": "country_code",
}, "from customers where id >= %(first)s"  # fmt: skip
TAKE = """insert into number_counters (series_id, year, last) values (%(series)s, %(year)s, %(count)s)
on conflict (series_id, year) do update set last = number_counters.last + %(count)s returning last"""

# --- orders --------------------------------------------------------------------------------------

# The newest tenth is still on its way; the rest is settled. Two years of orders, the last one today.
HEADS = """create temp table load_heads as
select i, nextval(pg_get_serial_sequence('orders', 'id')) as id,
    %(customer)s + i %% %(customers)s as customer_id, null::text as number,
    date_trunc('minute', %(now)s::timestamptz - (%(orders)s - i) * interval '730 days' / %(orders)s::int) as at,
    case when i <= %(orders)s * 0.9 then case when i %% 20 = 7 then 'cancelled' when i %% 40 = 11 then 'rejected'
            else 'completed' end
         else (array['submitted', 'submitted', 'submitted', 'submitted', 'submitted', 'confirmed', 'confirmed',
            'released', 'changed', 'draft'])[1 + i %% 10] end as state
from generate_series(%(first)s::bigint, %(last)s::bigint) as i"""
LINES = """create temp table load_lines as
select h.id as order_id, h.customer_id, h.state, h.at, k as position, g.*, quantity,
    round(g.price * quantity, %(digits)s) as net,
    round(round(g.price * quantity, %(digits)s) * g.rate / 100, %(digits)s) as tax
from load_heads h cross join lateral generate_series(1, 1 + (h.i * 7 %% 5)::int) as k
join load_goods g on g.n = (h.i * 7919 + k) %% %(goods)s
cross join lateral (select 1 + (h.i * 31 + k * 17) %% 6 as quantity) amount"""
YEARS = """select extract(year from at at time zone %(zone)s)::int, count(*) from load_heads
where state <> 'draft' group by 1 order by 1"""
NUMBER = """update load_heads h set number = %(prefix)s
    || case when length(n::text) >= %(width)s then n::text else lpad(n::text, %(width)s, '0') end
from (select id, %(before)s + row_number() over (order by i) as n from load_heads where state <> 'draft'
      and extract(year from at at time zone %(zone)s)::int = %(year)s) found where found.id = h.id"""
_SENT = "case when h.state = 'draft' then null else h.at end"
_AGREED = "case when h.state in ('confirmed', 'released', 'completed') then h.at + interval '3 hours' end"
ORDER = {
    "id": "h.id", "number": "h.number", "customer_id": "h.customer_id", "state": "h.state",
    "branch_id": "1", "order_type_id": "1",
    "channel": "case when h.state = 'completed' then 'import' else 'portal' end",
    "currency_code": "%(currency)s::text", "reference": "'PO-' || h.i", "ordered_at": "h.at", "submitted_at": _SENT,
    "due_at": f"{_SENT} + interval '48 hours'", "confirmed_at": _AGREED,
    "completed_at": "case when h.state = 'completed' then h.at + interval '2 days' end",
    "delivery_address_id": "a.id", "billing_address_id": "a.id",
    "shipping": "case when h.state = 'completed' then 'full' else 'none' end",
    "billing": "case when h.state = 'completed' then 'full' else 'none' end",
    "payment": "case when h.state = 'completed' then 'paid' else 'unpaid' end",
    "total_net": "t.net", "total_tax": "t.tax", "total_gross": "t.net + t.tax", "created_at": "h.at",
    "updated_at": "h.at",
}, """from load_heads h join (select order_id, sum(net) as net, sum(tax) as tax from load_lines group by 1) t
    on t.order_id = h.id join addresses a on a.customer_id = h.customer_id order by h.id"""  # fmt: skip
_APPROVED = "state in ('confirmed', 'released', 'completed')"
_SETTLED = "case when state = 'completed' then quantity else 0 end"
LINE = {
    "customer_id": "customer_id", "order_id": "order_id", "position": "position", "product_id": "product_id",
    "sku": "sku", "name": "name", "unit_code": "unit", "tax_code": "tax_code", "tax_rate": "rate",
    "list_price": "price", "unit_price": "price", "price_source": "'list:1:' || list",
    "quantity_ordered": "quantity", "quantity_available": "quantity",
    "quantity_approved": f"case when {_APPROVED} then quantity else 0 end", "quantity_shipped": _SETTLED,
    "quantity_invoiced": _SETTLED, "state": f"case when {_APPROVED} then 'approved' else 'open' end",
    "net": "net", "tax": "tax", "gross": "net + tax", "created_at": "at", "updated_at": "at",
}, "from load_lines order by order_id, position"  # fmt: skip
_MAIN = 'select id from warehouses where "default" and archived_at is null order by branch_id, id limit 1'
_HELD = "state in ('confirmed', 'released')"
_WANTED = "state in ('submitted', 'changed', 'draft', 'confirmed', 'released')"  # there is stock for all of these
RESERVATION = {
    "customer_id": "l.customer_id", "order_line_id": "l.id", "product_id": "l.product_id", "warehouse_id": f"({_MAIN})",
    "quantity": "l.quantity_approved", "reserved_at": "%(now)s",
}, f"from order_lines l join load_heads h on h.id = l.order_id where h.{_HELD}"  # fmt: skip
MOVEMENT = {
    "product_id": "product_id", "warehouse_id": f"({_MAIN})", "kind": "'opening'", "quantity": "sum(quantity)",
    "moved_at": "%(now)s", "reason": "'load'",
}, f"from load_lines where {_WANTED} group by product_id"  # fmt: skip
LEVELS = f"""insert into stock_levels (product_id, warehouse_id, on_hand, reserved, backorder)
select product_id, ({_MAIN}), sum(quantity), coalesce(sum(quantity) filter (where {_HELD}), 0), false
from load_lines where {_WANTED} group by product_id
on conflict (product_id, warehouse_id) do update set on_hand = stock_levels.on_hand + excluded.on_hand,
    reserved = stock_levels.reserved + excluded.reserved"""
APPROVAL = {
    "customer_id": "customer_id", "noun": "'order'", "record_id": "id", "level": "'reviewer'",
}, "from load_heads where state = 'submitted'"  # fmt: skip
HISTORY = {
    "customer_id": "customer_id", "noun": "'order'", "record_id": "id", "at": "%(now)s", "actor": "'system:load'",
    "inside": "'system'", "action": "'order.record'", "source": "%(source)s::text", "note": "'load'",
    "changes": "jsonb_build_object('state', jsonb_build_array(null, state), 'number', jsonb_build_array(null, number))",
}, "from load_heads order by id"  # fmt: skip
