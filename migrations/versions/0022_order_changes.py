"""Orders are changed, expire and are deleted by rule: who changed, until when, the field matrix (X-12, X-20)."""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import security

revision = "0022_order_changes"
down_revision = "0021_services"
branch_labels = None
depends_on = None

WORDS = ["reference", "remark", "requested_on", "delivery_address", "billing_address", "delivery_method"]
LINES = ["line_add", "line_remove", "line_quantity"]
OURS = ["line_price", "line_terms", "payment_terms", "channel"]
OPEN = ("submitted", "changed", "confirmed", "rejected")


def upgrade():
    op.add_column("orders", sa.Column("cancelled_at", sa.DateTime(timezone=True)))
    op.add_column("orders", sa.Column("cancelled_by", sa.Integer(), sa.ForeignKey("ab_user.id")))
    op.add_column("orders", sa.Column("changed_side", sa.String(8)))
    op.add_column("orders", sa.Column("changed_at", sa.DateTime(timezone=True)))
    op.add_column("orders", sa.Column("expires_at", sa.DateTime(timezone=True)))
    op.add_column("orders", sa.Column("expiry_warned_at", sa.DateTime(timezone=True)))
    op.add_column("approvals", sa.Column("asked_reason", sa.String(2000), server_default="", nullable=False))
    op.create_table(
        "field_rules",
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("role_id", sa.Integer(), sa.ForeignKey("ab_role.id", ondelete="CASCADE")),
        sa.Column("order_type_id", sa.BigInteger(), sa.ForeignKey("order_types.id")),
        sa.Column("order_state", sa.String(12), nullable=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("review", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("preset", sa.String(10), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger()),
        sa.CheckConstraint("side in ('customer', 'branch', 'staff')", name="ck_field_rules_side"),
        sa.CheckConstraint(
            "order_state in ('submitted', 'changed', 'confirmed', 'released', 'rejected')", name="ck_field_rules_state"
        ),
    )
    security.staff_only("field_rules")
    _seed()
    with op.get_context().autocommit_block():  # the table is big: nobody waits for its indexes
        op.create_index("ix_orders_expires", "orders", ["expires_at", "id"], if_not_exists=True,
                        postgresql_concurrently=True,
                        postgresql_where=sa.text("state = 'confirmed' and deleted_at is null"))  # fmt: skip
        op.create_index("ix_orders_deleted", "orders", ["deleted_at", "id"], if_not_exists=True,
                        postgresql_concurrently=True, postgresql_where=sa.text("deleted_at is not null"))  # fmt: skip


def _seed():
    """The default matrix: both sides change an order until it is released; prices and terms are ours."""
    rows = [(side, state, fields)
            for side, fields in (("customer", LINES + WORDS), ("branch", LINES + WORDS + OURS),
                                 ("staff", LINES + WORDS + OURS))
            for state in OPEN]  # fmt: skip
    for side, state, fields in rows:
        op.execute(
            sa.text("insert into field_rules (side, order_state, fields, preset, created_at, updated_at) "
                    "values (:side, :state, cast(:fields as jsonb), 'default', now(), now())")
            .bindparams(side=side, state=state, fields=json.dumps(fields))
        )  # fmt: skip


def downgrade():
    op.drop_index("ix_orders_deleted", table_name="orders")
    op.drop_index("ix_orders_expires", table_name="orders")
    security.forget("field_rules")
    op.drop_table("field_rules")
    op.drop_column("approvals", "asked_reason")
    for name in ("expiry_warned_at", "expires_at", "changed_at", "changed_side", "cancelled_by", "cancelled_at"):
        op.drop_column("orders", name)
