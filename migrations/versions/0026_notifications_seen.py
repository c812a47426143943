"""How far somebody has looked at what he was told: the counter in the top bar counts from there."""

import sqlalchemy as sa
from alembic import op

revision = "0026_notifications_seen"
down_revision = "0025_kept"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("people", sa.Column("seen_notification_id", sa.BigInteger(), server_default="0", nullable=False))
    op.execute("update people set seen_notification_id = coalesce((select max(id) from notifications), 0)")
    with op.get_context().autocommit_block():  # the table is big: nobody waits for its index
        op.create_index("ix_notifications_user", "notifications", ["user_id", "id"], if_not_exists=True,
                        postgresql_concurrently=True)  # fmt: skip


def downgrade():
    op.drop_index("ix_notifications_user", "notifications", if_exists=True)
    op.drop_column("people", "seen_notification_id")
