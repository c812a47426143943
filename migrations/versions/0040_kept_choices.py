"""Small tables are read once per process: a change of theirs moves the stamp. Orders of customers by index alone."""

import sqlalchemy as sa
from alembic import op

revision = "0040_kept_choices"
down_revision = "0037_orders_of_lists"
branch_labels = None
depends_on = None

KEPT = ("list_choices", "display_statuses", "approval_rules", "branches", "number_series", "order_types", "tax_rates",
        "units")  # fmt: skip
BY_HAND = "position, customer_id, category_id, branch_id, order_type_id, mode, user_ids, archived_at"  # not whose turn


def upgrade():
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER stamp_access AFTER INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION stamp_access()"
        )
    op.execute(
        f"CREATE TRIGGER stamp_access AFTER INSERT OR DELETE OR UPDATE OF {BY_HAND} ON assignment_rules "
        "FOR EACH STATEMENT EXECUTE FUNCTION stamp_access()"
    )
    with op.get_context().autocommit_block():  # the table is big: nobody waits for its index
        op.create_index("ix_orders_customer_alive", "orders", ["customer_id", "id"], if_not_exists=True,
                        postgresql_where=sa.text("deleted_at is null"), postgresql_concurrently=True)  # fmt: skip


def downgrade():
    op.drop_index("ix_orders_customer_alive", "orders", if_exists=True)
    for table in (*KEPT, "assignment_rules"):
        op.execute(f"DROP TRIGGER stamp_access ON {table}")
