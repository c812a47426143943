"""Tickets."""

import sqlalchemy as sa
from alembic import op

from migrations import security

revision = "0019_tickets"
down_revision = "0018_payments"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "tickets",
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("priority", sa.String(length=8), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("handler_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by", sa.BigInteger(), nullable=True),
        sa.Column("deleted_reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint("priority in ('low', 'normal', 'high')", name="ck_tickets_priority"),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branches.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "order_id"],
            ["orders.customer_id", "orders.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
        ),
        sa.ForeignKeyConstraint(
            ["handler_id"],
            ["ab_user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("customer_id", "id"),
    )
    op.create_index("ix_tickets_customer_state", "tickets", ["customer_id", "state", "id"], unique=False)
    op.create_index(op.f("ix_tickets_handler_id"), "tickets", ["handler_id"], unique=False)
    op.create_index("ix_tickets_state", "tickets", ["state", "id"], unique=False)
    op.create_index(
        "ux_tickets_number",
        "tickets",
        ["number"],
        unique=True,
        postgresql_where=sa.text("deleted_at is null"),
        postgresql_ops={"number": "text_pattern_ops"},
    )
    # whose rows, and who may do what
    security.owned("tickets", branch="branch_id")


def downgrade():
    security.forget("tickets")
    op.drop_index("ux_tickets_number", table_name="tickets", postgresql_where=sa.text("deleted_at is null"))
    op.drop_index("ix_tickets_state", table_name="tickets")
    op.drop_index(op.f("ix_tickets_handler_id"), table_name="tickets")
    op.drop_index("ix_tickets_customer_state", table_name="tickets")
    op.drop_table("tickets")
