"""Approval rules and decisions."""

import sqlalchemy as sa
from alembic import op

import models.base
from migrations import security

revision = "0010_approvals"
down_revision = "0009_stock"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "approvals",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("noun", sa.String(length=40), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=True),
        sa.Column("rule_name", sa.String(length=120), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_name", sa.String(length=120), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("answer in ('', 'approved', 'rejected')", name="ck_approvals_answer"),
        sa.ForeignKeyConstraint(
            ["decided_by"],
            ["ab_user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_approvals_record", "approvals", ["noun", "record_id", "id"], unique=False)
    op.create_table(
        "approval_rules",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("texts", models.base.Localized(), nullable=False),
        sa.Column("noun", sa.String(length=40), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("currency_code", sa.String(length=3), nullable=True),
        sa.Column("over_amount", models.base.Exact(precision=18, scale=4), nullable=True),
        sa.Column("new_customer", sa.Boolean(), nullable=False),
        sa.Column("over_credit", sa.Boolean(), nullable=False),
        sa.Column("over_discount", models.base.Exact(precision=9, scale=4), nullable=True),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column("branch_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("level in ('reviewer', 'supervisor')", name="ck_approval_rules_level"),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branches.id"],
        ),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["categories.id"],
        ),
        sa.ForeignKeyConstraint(
            ["currency_code"],
            ["currencies.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    # whose rows, and who may do what
    security.staff_only("approval_rules")
    security.owned("approvals")


def downgrade():
    security.forget("approval_rules", "approvals")
    op.drop_table("approval_rules")
    op.drop_index("ix_approvals_record", table_name="approvals")
    op.drop_table("approvals")
