"""What `init` last prepared this database for: as long as it is the same, a start has nothing to do."""

import sqlalchemy as sa
from alembic import op

revision = "0027_prepared"
down_revision = "0026_notifications_seen"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("access_stamp", sa.Column("prepared", sa.String(64), server_default="", nullable=False))


def downgrade():
    op.drop_column("access_stamp", "prepared")
