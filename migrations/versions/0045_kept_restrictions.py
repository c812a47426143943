"""What access groups may find is read once per process: a change of it moves the stamp."""

from alembic import op

revision = "0045_kept_restrictions"
down_revision = "0044_customer_branches"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "CREATE TRIGGER stamp_access AFTER INSERT OR UPDATE OR DELETE ON access_restrictions "
        "FOR EACH STATEMENT EXECUTE FUNCTION stamp_access()"
    )


def downgrade():
    op.execute("DROP TRIGGER stamp_access ON access_restrictions")
