"""What lists can be ordered by: an index (column, id) for each column, built while everybody works on."""

from alembic import op

revision = "0037_orders_of_lists"
down_revision = "0036_discounts"
branch_labels = None
depends_on = None

INDEXES = (
    ("orders", "number", "number"),
    ("orders", "submitted", "submitted_at"),
    ("orders", "net", "total_net"),
    ("customers", "number", "number"),
    ("customers", "country", "country_code"),
    ("invoices", "number", "number"),
    ("invoices", "issued_on", "issued_on"),
    ("invoices", "gross", "total_gross"),
    ("quotes", "number", "number"),
    ("quotes", "submitted", "submitted_at"),
    ("quotes", "created", "created_at"),
    ("contracts", "number", "number"),
    ("contracts", "created", "created_at"),
    ("tickets", "number", "number"),
    ("tickets", "created", "created_at"),
    ("payments", "number", "number"),
    ("payments", "paid_on", "paid_on"),
)


def upgrade():
    with op.get_context().autocommit_block():  # the tables are big: nobody waits for an index
        for table, name, column in INDEXES:
            op.create_index(f"ix_{table}_{name}", table, [column, "id"], if_not_exists=True,
                            postgresql_concurrently=True)  # fmt: skip


def downgrade():
    for table, name, _column in INDEXES:
        op.drop_index(f"ix_{table}_{name}", table, if_exists=True)
