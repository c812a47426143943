"""Orders that were merged into another: when, and what they were before; orders made of others say so."""

import sqlalchemy as sa
from alembic import op

revision = "0033_merge"
down_revision = "0032_carts"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("orders", sa.Column("made_as", sa.String(length=5), nullable=True))
    op.add_column("orders", sa.Column("merged_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("orders", sa.Column("merged_state", sa.String(length=12), nullable=True))
    with op.get_context().autocommit_block():  # the table is big: nobody waits for its index
        op.create_index("ix_orders_merged", "orders", ["merged_at", "id"], if_not_exists=True,
                        postgresql_where=sa.text("merged_at is not null and deleted_at is null"),
                        postgresql_concurrently=True)  # fmt: skip


def downgrade():
    op.drop_index("ix_orders_merged", "orders", if_exists=True)
    op.drop_column("orders", "merged_state")
    op.drop_column("orders", "merged_at")
    op.drop_column("orders", "made_as")
