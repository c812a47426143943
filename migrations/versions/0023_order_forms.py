"""Order forms: uploads, pasted rows and copied orders with what becomes of each row (CRT-03, CRT-11)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import models.base
from migrations import security

revision = "0023_order_forms"
down_revision = "0022_order_changes"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "order_forms",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="reading", nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=12), nullable=False),
        sa.Column("currency_code", sa.String(length=3), nullable=False),
        sa.Column("rows", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("checked_count", sa.Integer(), nullable=False),
        sa.Column("empty_count", sa.Integer(), nullable=False),
        sa.Column("taken_count", sa.Integer(), nullable=False),
        sa.Column("changed_count", sa.Integer(), nullable=False),
        sa.Column("refused_count", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total_net", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("total_tax", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("total_gross", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("source in ('file', 'rows', 'copy')", name="ck_order_forms_source"),
        sa.ForeignKeyConstraint(["currency_code"], ["currencies.code"]),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"]),
        sa.ForeignKeyConstraint(
            ["customer_id", "order_id"], ["orders.customer_id", "orders.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("customer_id", "id"),
    )
    op.create_index("ix_order_forms_customer_state", "order_forms", ["customer_id", "state", "id"])
    op.create_index("ix_order_forms_state", "order_forms", ["state", "created_at"])
    op.create_index("ix_order_forms_order", "order_forms", ["order_id"])
    op.create_index("ix_order_forms_content", "order_forms", ["customer_id", "sha256"])
    # whose rows, and who may do what
    security.owned("order_forms")


def downgrade():
    security.forget("order_forms")
    op.drop_table("order_forms")
