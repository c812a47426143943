"""Signing out ends the session itself, not only the cookie of that browser: copies of it are over with it."""

import sqlalchemy as sa
from alembic import op

from migrations import security

revision = "0043_ended_sessions"
down_revision = "0042_parts_of_branches"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "ended_sessions",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_ended_sessions_at", "ended_sessions", ["at"])
    security.infrastructure("ended_sessions", none="SELECT, INSERT", external="SELECT, INSERT")


def downgrade():
    op.drop_table("ended_sessions")
