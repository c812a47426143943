"""Saved filters and chosen columns of each person's lists."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import security

revision = "0029_list_choices"
down_revision = "0028_kept_field_rules"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "list_choices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("screen", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("shared", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("columns", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("opens_with_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["opens_with_id"], ["list_choices.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "screen", "name"),
    )
    op.create_index("ix_list_choices_shared", "list_choices", ["screen"], postgresql_where=sa.text("shared"))
    security.infrastructure("list_choices", none="SELECT", external="SELECT, INSERT, UPDATE, DELETE")


def downgrade():
    op.drop_table("list_choices")
