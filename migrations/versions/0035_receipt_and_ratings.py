"""Receipt of orders, ratings, the communication log, refunds proposed when a paid order is cancelled."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import security
from models.base import Exact

revision = "0035_receipt_and_ratings"
down_revision = "0034_order_proposals"
branch_labels = None
depends_on = None


def _stamped():
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger()),
    )


def _outside(table, seen):
    """Customers find a part of their own rows only, whatever the application asks for."""
    op.execute(f'DROP POLICY "{table}_external" ON "{table}"')
    security.policy(table, "serai_external", f"customer_id = {security.ids('customers')} AND {seen}")


def upgrade():
    op.add_column("orders", sa.Column("received_at", sa.DateTime(timezone=True)))
    op.add_column("orders", sa.Column("received_by", sa.Integer(), sa.ForeignKey("ab_user.id")))
    op.add_column("orders", sa.Column("rating", sa.Integer()))
    _ratings()
    _log()
    _refunds()
    with op.get_context().autocommit_block():  # the table is big: nobody waits for its index
        op.create_index("ix_orders_rated", "orders", ["customer_id", "rating", "id"], if_not_exists=True,
                        postgresql_where=sa.text("rating is not null"), postgresql_concurrently=True)  # fmt: skip


def _ratings():
    op.create_table(
        "ratings",
        sa.Column("customer_id", sa.BigInteger(), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branches.id"), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(8), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        *_stamped(),
        sa.UniqueConstraint("order_id", "source"),
        sa.ForeignKeyConstraint(["customer_id", "order_id"], ["orders.customer_id", "orders.id"]),
        sa.CheckConstraint("source in ('customer', 'handler')", name="ck_ratings_source"),
        sa.CheckConstraint("stars between 1 and 5", name="ck_ratings_stars"),
    )
    op.create_index("ix_ratings_customer", "ratings", ["customer_id", "id"])
    op.create_index("ix_ratings_branch", "ratings", ["branch_id", "id"])
    security.owned("ratings", branch="branch_id")
    _outside("ratings", "source = 'customer'")


def _log():
    op.create_table(
        "log_entries",
        sa.Column("customer_id", sa.BigInteger(), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branches.id"), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), server_default="internal", nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("direction", sa.String(4), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contact", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("search", postgresql.TSVECTOR()),
        *_stamped(),
        sa.ForeignKeyConstraint(["customer_id", "conversation_id"], ["conversations.customer_id", "conversations.id"]),
        sa.CheckConstraint("channel in ('phone', 'email', 'meeting', 'chat', 'letter')",
                           name="ck_log_entries_channel"),
        sa.CheckConstraint("direction in ('in', 'out')", name="ck_log_entries_direction"),
    )  # fmt: skip
    for name, columns in (("conversation", ["conversation_id", "held_at"]), ("customer", ["customer_id", "id"]),
                          ("branch", ["branch_id", "id"]), ("state", ["state", "id"])):  # fmt: skip
        op.create_index(f"ix_log_entries_{name}", "log_entries", columns)
    op.create_index("ix_log_entries_search", "log_entries", ["search"], postgresql_using="gin")
    security.owned("log_entries", branch="branch_id")
    _outside("log_entries", "state = 'published'")


def _refunds():
    op.create_table(
        "refund_proposals",
        sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branches.id"), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("order_id", sa.BigInteger(), sa.ForeignKey("orders.id"), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), sa.ForeignKey("payments.id"), nullable=False),
        sa.Column("state", sa.String(10), server_default="proposed", nullable=False),
        sa.Column("currency_code", sa.String(3), sa.ForeignKey("currencies.code"), nullable=False),
        sa.Column("amount", Exact(18, 4), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.Integer(), sa.ForeignKey("ab_user.id")),
        *_stamped(),
        sa.UniqueConstraint("order_id", "payment_id"),
        sa.CheckConstraint("amount > 0", name="ck_refund_proposals_amount"),
    )
    op.create_index("ix_refund_proposals_state", "refund_proposals", ["state", "id"])
    op.create_index("ix_refund_proposals_branch", "refund_proposals", ["branch_id", "id"])
    op.create_index("ix_refund_proposals_customer_id", "refund_proposals", ["customer_id"])
    op.create_index("ix_refund_proposals_payment_id", "refund_proposals", ["payment_id"])
    security.staff_only("refund_proposals", branch="branch_id")


def downgrade():
    op.drop_index("ix_orders_rated", "orders", if_exists=True)
    for table in ("refund_proposals", "log_entries", "ratings"):
        security.forget(table)
        op.drop_table(table)
    for name in ("rating", "received_by", "received_at"):
        op.drop_column("orders", name)
