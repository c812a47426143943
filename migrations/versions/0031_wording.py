"""Words of portals for states; display statuses of orders; what is overdue is found by an index."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import security

revision = "0031_wording"
down_revision = "0030_assignment"
branch_labels = None
depends_on = None


def stamped():
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
    )


def upgrade():
    op.create_table(
        "state_words",
        *stamped(),
        sa.Column("portal_id", sa.BigInteger(), nullable=False),
        sa.Column("noun", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("texts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["portal_id"], ["portals.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("portal_id", "noun", "state"),
    )
    op.create_table(
        "display_statuses",
        *stamped(),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("tone", sa.String(length=8), nullable=False),
        sa.Column("visible_outside", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("states", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("tone in ('neutral', 'info', 'good', 'warning', 'bad')", name="ck_display_statuses_tone"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index("ix_display_statuses_position", "display_statuses", ["position", "id"])
    security.shared("state_words")
    security.shared("display_statuses")
    op.execute(
        "CREATE TRIGGER stamp_access AFTER INSERT OR UPDATE OR DELETE ON state_words "
        "FOR EACH STATEMENT EXECUTE FUNCTION stamp_access()"
    )
    op.add_column("orders", sa.Column("display_status_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key("orders_display_status_id_fkey", "orders", "display_statuses", ["display_status_id"], ["id"],
                          postgresql_not_valid=True)  # fmt: skip
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT orders_display_status_id_fkey")
    with op.get_context().autocommit_block():  # the table is big: nobody waits for its index
        op.create_index("ix_orders_display_status", "orders", ["display_status_id", "id"], if_not_exists=True,
                        postgresql_where=sa.text("display_status_id is not null"),
                        postgresql_concurrently=True)  # fmt: skip
        op.create_index("ix_orders_due", "orders", ["due_at", "id"], if_not_exists=True,
                        postgresql_where=sa.text("state in ('submitted', 'changed') and deleted_at is null"),
                        postgresql_concurrently=True)  # fmt: skip


def downgrade():
    op.drop_index("ix_orders_due", "orders", if_exists=True)
    op.drop_index("ix_orders_display_status", "orders", if_exists=True)
    op.drop_column("orders", "display_status_id")
    op.drop_table("display_statuses")
    op.drop_table("state_words")
