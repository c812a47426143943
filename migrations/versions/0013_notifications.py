"""Notifications and their fate."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import security

revision = "0013_notifications"
down_revision = "0012_documents"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "notifications",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("noun", sa.String(length=40), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("to", sa.String(length=200), nullable=False),
        sa.Column("locale", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("attach", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("channel in ('email', 'sms')", name="ck_notifications_channel"),
        sa.CheckConstraint("state in ('waiting', 'sent', 'failed')", name="ck_notifications_state"),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_notifications_customer", "notifications", ["customer_id", "id"], unique=False)
    op.create_index("ix_notifications_record", "notifications", ["noun", "record_id"], unique=False)
    op.create_index("ix_notifications_state", "notifications", ["state", "id"], unique=False)
    # whose rows, and who may do what
    security.owned("notifications", writable=False)


def downgrade():
    security.forget("notifications")
    op.drop_index("ix_notifications_state", table_name="notifications")
    op.drop_index("ix_notifications_record", table_name="notifications")
    op.drop_index("ix_notifications_customer", table_name="notifications")
    op.drop_table("notifications")
