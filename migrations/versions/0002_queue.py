"""The queue of jobs: Procrastinate's own schema, and what the application's roles may do with it."""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0002_queue"
down_revision = "0001_framework"
branch_labels = None
depends_on = None

TABLES = (
    "procrastinate_jobs",
    "procrastinate_events",
    "procrastinate_periodic_defers",
    "procrastinate_workers",
)


def upgrade():
    connection = op.get_bind().connection.driver_connection
    connection.execute(SchemaManager.get_schema())  # many statements, with % signs: past SQLAlchemy's parser
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO serai_staff")
    for role in ("serai_branch", "serai_external"):
        op.execute(f"GRANT INSERT, SELECT (id) ON procrastinate_jobs TO {role}")
        op.execute(f"GRANT INSERT ON procrastinate_events TO {role}")
    op.execute(
        "GRANT USAGE ON SEQUENCE procrastinate_jobs_id_seq, procrastinate_events_id_seq, "
        "procrastinate_periodic_defers_id_seq TO serai_staff, serai_branch, serai_external"
    )
    op.execute("GRANT USAGE ON SEQUENCE procrastinate_workers_id_seq TO serai_staff")


def downgrade():
    op.execute("DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs CASCADE")
    op.execute("DROP TABLE procrastinate_workers CASCADE")
    op.execute(
        """DO $$ DECLARE one regprocedure; BEGIN
        FOR one IN SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname = 'public' AND p.proname LIKE 'procrastinate\\_%' LOOP
            EXECUTE 'DROP FUNCTION ' || one || ' CASCADE';
        END LOOP; END $$"""
    )
    op.execute(
        "DROP TYPE IF EXISTS procrastinate_job_to_defer_v1, procrastinate_job_event_type, procrastinate_job_status"
    )
