"""Sessions can be ended without a new password: whoever comes back after a deactivation signs in anew."""

import sqlalchemy as sa
from alembic import op

revision = "0024_session_round"
down_revision = "0023_order_forms"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("people", sa.Column("session_round", sa.Integer(), server_default="0", nullable=False))


def downgrade():
    op.drop_column("people", "session_round")
