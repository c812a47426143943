"""The field matrix is read once per process: a change of it moves the stamp."""

from alembic import op

revision = "0028_kept_field_rules"
down_revision = "0027_prepared"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "CREATE TRIGGER stamp_access AFTER INSERT OR UPDATE OR DELETE ON field_rules "
        "FOR EACH STATEMENT EXECUTE FUNCTION stamp_access()"
    )


def downgrade():
    op.execute("DROP TRIGGER stamp_access ON field_rules")
