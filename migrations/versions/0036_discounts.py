"""Discounts on quotes and invoices, promotion codes, names in more languages; cut orders cost what was approved."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import security
from models.base import Exact

revision = "0036_discounts"
down_revision = "0035_receipt_and_ratings"
branch_labels = None
depends_on = None

NEW = (
    ("quotes", "total_discount", Exact(18, 4)),
    ("quote_revisions", "discount_percent", Exact(9, 4)),
    ("quote_revisions", "discount_amount", Exact(18, 4)),
    ("quote_revisions", "total_discount", Exact(18, 4)),
    ("invoice_lines", "discount_percent", Exact(9, 4)),
)


NAMED = ("branches", "warehouses", "price_lists")
# the side that prices speak of is rounded first, the other side from it, as app.rules.tax does it
AMOUNTS = """
    WITH worth AS (
        SELECT l.id, l.customer_id, l.order_id, o.includes_tax, l.tax_rate, c.digits,
               round(l.unit_price * {quantity} * (100 - l.discount_percent) / 100, c.digits) AS side
        FROM order_lines l JOIN orders o ON o.id = l.order_id JOIN currencies c ON c.code = o.currency_code
        WHERE l.state <> 'open' AND l.quantity_approved < l.quantity_ordered
    ), lines AS (
        UPDATE order_lines l SET
            net = CASE WHEN w.includes_tax THEN round(w.side * 100 / (100 + w.tax_rate), w.digits) ELSE w.side END,
            gross = CASE WHEN w.includes_tax THEN w.side
                         ELSE w.side + round(w.side * w.tax_rate / 100, w.digits) END,
            tax = CASE WHEN w.includes_tax THEN w.side - round(w.side * 100 / (100 + w.tax_rate), w.digits)
                       ELSE round(w.side * w.tax_rate / 100, w.digits) END
        FROM worth w WHERE l.id = w.id
        RETURNING l.id, l.order_id, l.net, l.tax, l.gross
    ), changed AS (
        SELECT n.order_id, sum(n.net - l.net) AS net, sum(n.tax - l.tax) AS tax, sum(n.gross - l.gross) AS gross
        FROM lines n JOIN order_lines l ON l.id = n.id GROUP BY n.order_id  -- l: as it was before this statement
    )
    UPDATE orders o SET total_net = o.total_net + c.net, total_tax = o.total_tax + c.tax,
                        total_gross = o.total_gross + c.gross
    FROM changed c WHERE o.id = c.order_id"""


def upgrade():
    for table, name, kind in NEW:
        op.add_column(table, sa.Column(name, kind, server_default="0", nullable=False))
    op.add_column("orders", sa.Column("promotion_code", sa.String(40), server_default="", nullable=False))
    op.create_table(
        "begun_orders",
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("ab_user.id", ondelete="CASCADE"), primary_key=True,
                  autoincrement=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )  # fmt: skip
    op.create_index("ix_begun_orders_at", "begun_orders", ["at"])
    security.infrastructure("begun_orders", none="SELECT", external="SELECT, INSERT, UPDATE, DELETE")
    for table in NAMED:  # the present names stay; names in other languages come beside them
        op.add_column(table, sa.Column("other_names", JSONB(), server_default="{}", nullable=False))
    op.execute(AMOUNTS.format(quantity="l.quantity_approved"))
    with op.get_context().autocommit_block():  # the catalogue in the order of prices
        op.create_index("ix_prices_cheapest", "prices", ["price_list_id", "unit_price", "product_id"],
                        postgresql_where=sa.text("deleted_at is null and from_quantity <= 1"), if_not_exists=True,
                        postgresql_concurrently=True)  # fmt: skip


def downgrade():
    op.drop_index("ix_prices_cheapest", table_name="prices")
    op.execute(AMOUNTS.format(quantity="l.quantity_ordered"))
    op.drop_column("orders", "promotion_code")
    op.drop_table("begun_orders")
    for table in NAMED:
        op.drop_column(table, "other_names")
    for table, name, _kind in reversed(NEW):
        op.drop_column(table, name)
