"""Proposals for single lines of an order, and their answers (ORD-21, ORD-25, X-21, X-22)."""

import sqlalchemy as sa
from alembic import op

from migrations import security
from models.base import Exact

revision = "0034_order_proposals"
down_revision = "0033_merge"
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


def upgrade():
    _proposals()
    _lines()
    op.add_column("orders", sa.Column("proposed_side", sa.String(8)))
    with op.get_context().autocommit_block():  # the table is big: nobody waits for its index
        op.create_index("ix_orders_proposed", "orders", ["proposed_side", "id"], if_not_exists=True,
                        postgresql_where=sa.text("proposed_side is not null"),
                        postgresql_concurrently=True)  # fmt: skip


def _proposals():
    op.create_table(
        "order_proposals",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("note", sa.String(2000), nullable=False),
        sa.Column("approving", sa.Boolean(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("answered_by", sa.Integer()),
        sa.Column("answer_note", sa.String(2000), nullable=False),
        sa.Column("closed_by", sa.String(40), nullable=False),
        *_stamped(),
        sa.UniqueConstraint("customer_id", "id"),
        sa.UniqueConstraint("order_id", "number"),
        sa.ForeignKeyConstraint(["customer_id", "order_id"], ["orders.customer_id", "orders.id"], ondelete="CASCADE"),
        sa.CheckConstraint("state in ('open', 'answered', 'withdrawn', 'closed')", name="ck_order_proposals_state"),
        sa.CheckConstraint("side in ('customer', 'staff')", name="ck_order_proposals_side"),
    )
    op.create_index("ux_order_proposals_open", "order_proposals", ["order_id"], unique=True,
                    postgresql_where=sa.text("state = 'open'"))  # fmt: skip
    security.owned("order_proposals", via=("order_id", "orders"))


def _lines():
    op.create_table(
        "order_proposal_lines",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("proposal_id", sa.BigInteger(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(40), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("unit_code", sa.String(8), nullable=False),
        sa.Column("was_quantity", Exact(18, 6), nullable=False),
        sa.Column("was_price", Exact(18, 6), nullable=False),
        sa.Column("was_discount", Exact(9, 4), nullable=False),
        sa.Column("was_on", sa.Date()),
        sa.Column("refuse", sa.Boolean(), nullable=False),
        sa.Column("quantity", Exact(18, 6)),
        sa.Column("unit_price", Exact(18, 6)),
        sa.Column("requested_on", sa.Date()),
        sa.Column("product_id", sa.BigInteger(), sa.ForeignKey("products.id")),
        sa.Column("new_sku", sa.String(40), nullable=False),
        sa.Column("new_name", sa.String(300), nullable=False),
        sa.Column("new_unit", sa.String(8), nullable=False),
        sa.Column("remark", sa.String(500), nullable=False),
        sa.Column("answer", sa.String(10), nullable=False),
        sa.Column("answer_remark", sa.String(500), nullable=False),
        *_stamped(),
        sa.UniqueConstraint("customer_id", "id"),
        sa.ForeignKeyConstraint(["customer_id", "proposal_id"], ["order_proposals.customer_id", "order_proposals.id"],
                                ondelete="CASCADE"),
        sa.CheckConstraint("answer in ('', 'accepted', 'refused', 'countered')",
                           name="ck_order_proposal_lines_answer"),
        sa.CheckConstraint("quantity > 0", name="ck_order_proposal_lines_quantity"),
        sa.CheckConstraint("unit_price >= 0", name="ck_order_proposal_lines_price"),
    )  # fmt: skip
    op.create_index("ix_order_proposal_lines_proposal", "order_proposal_lines", ["proposal_id", "id"])
    op.create_index("ix_order_proposal_lines_product", "order_proposal_lines", ["product_id"])
    security.owned("order_proposal_lines", via=("proposal_id", "order_proposals"))


def downgrade():
    op.drop_index("ix_orders_proposed", "orders", if_exists=True)
    op.drop_column("orders", "proposed_side")
    security.forget("order_proposal_lines")
    op.drop_table("order_proposal_lines")
    security.forget("order_proposals")
    op.drop_table("order_proposals")
