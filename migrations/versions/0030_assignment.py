"""Rules that give submitted orders to people; until when somebody is away."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import security

revision = "0030_assignment"
down_revision = "0029_list_choices"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("people", sa.Column("away_until", sa.Date(), nullable=True))
    op.create_table(
        "assignment_rules",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column("branch_id", sa.BigInteger(), nullable=True),
        sa.Column("order_type_id", sa.BigInteger(), nullable=True),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("user_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("last_user_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "mode in ('person', 'in_turn', 'fewest', 'manager')", name="ck_assignment_rules_mode"
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"]),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"]),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"]),
        sa.ForeignKeyConstraint(["order_type_id"], ["order_types.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_index("ix_assignment_rules_position", "assignment_rules", ["position", "id"])
    security.staff_only("assignment_rules")


def downgrade():
    security.forget("assignment_rules")
    op.drop_table("assignment_rules")
    op.drop_column("people", "away_until")
