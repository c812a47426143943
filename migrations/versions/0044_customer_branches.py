"""A branch sees the customers of records it has, also those who belong to another branch since.

Its staff could open such an order, but neither change it nor write about it.
"""

import sqlalchemy as sa
from alembic import op

from migrations import security

revision = "0044_customer_branches"
down_revision = "0043_ended_sessions"
branch_labels = None
depends_on = None

KEPT = ("carts", "contracts", "invoices", "log_entries", "orders", "payments", "quotes", "ratings", "refund_proposals",
        "tickets", "work_stages")  # fmt: skip


def upgrade():
    op.create_table(
        "customer_branches",
        sa.Column("record_id", sa.BigInteger(), sa.ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branches.id"), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "branch_id"),
    )
    op.create_index("ix_customer_branches_branch_id", "customer_branches", ["branch_id"])
    security.infrastructure("customer_branches")
    for table in KEPT:
        op.execute(
            f"""INSERT INTO customer_branches (record_id, branch_id)
            SELECT DISTINCT t.customer_id, t.branch_id FROM "{table}" t
            JOIN customers c ON c.id = t.customer_id AND c.branch_id <> t.branch_id ON CONFLICT DO NOTHING"""
        )
    mine = f"= {security.ids('branches')}"
    security.look(
        "customers", f"branch_id {mine} OR id IN (SELECT record_id FROM customer_branches WHERE branch_id {mine})")


def downgrade():
    security.look("customers", f"branch_id = {security.ids('branches')}")
    op.drop_table("customer_branches")
