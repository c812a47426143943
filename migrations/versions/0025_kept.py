"""Settings, currencies and warehouses are read once per process: a change of theirs moves the stamp."""

from alembic import op

revision = "0025_kept"
down_revision = "0024_session_round"
branch_labels = None
depends_on = None

KEPT = ("settings", "currencies", "warehouses")


def upgrade():
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER stamp_access AFTER INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION stamp_access()"
        )


def downgrade():
    for table in KEPT:
        op.execute(f"DROP TRIGGER stamp_access ON {table}")
