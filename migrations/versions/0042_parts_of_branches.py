"""A branch sees what hangs on the records it sees, and what is offered to more than customers of other branches.

Policies alone: no row is read or written, each table is locked for the moment in which its policy is exchanged.
"""

from alembic import op

from migrations import security

revision = "0042_parts_of_branches"
down_revision = "0041_supervisors"
branch_labels = None
depends_on = None

TALKED = {"order": "orders", "quote": "quotes", "ticket": "tickets"}
PAPERS = {"order": "orders", "quote": "quotes", "contract": "contracts", "invoice": "invoices", "customer": "customers"}
BOOKS = PAPERS | {"payment": "payments", "ticket": "tickets"}
ATTACHED = BOOKS | {"product": "products", "work": "work_stages", "wizard_draft": "wizard_drafts", "message": "messages"}
TOLD = BOOKS | {"refund_proposal": "refund_proposals", "file": "files", "message": "messages",
                "log_entry": "log_entries", "rating": "ratings", "work": "work_stages"}  # fmt: skip
OWNED = {"conversations": TALKED, "documents": PAPERS, "attachments": ATTACHED}
OFFERED = {"files": {"audience": "file_audiences"}, "price_lists": {"audience": "price_list_audiences"},
           "file_versions": {"parent": ("file_id", "files")}, "prices": {"parent": ("price_list_id", "price_lists")},
           }  # fmt: skip
AUDIENCES = ("file_audiences", "product_audiences", "price_list_audiences")


def upgrade():
    for table, records in OWNED.items():
        security.look(table, security.on(table, records))
    security.look("notifications", security.on("notifications", TOLD, reader="user_id"))
    security.look("internal_notes", security.on("internal_notes", BOOKS))
    for table, more in OFFERED.items():
        security.look(table, security.beside_others(table, **more))
    for table in AUDIENCES:
        security.look(table, security.NAMED)


def downgrade():
    for table in (*OWNED, "notifications"):
        owner = f'EXISTS (SELECT 1 FROM customers p WHERE p.id = "{table}".customer_id)'
        security.look(table, f"customer_id = 0 OR {owner}")
    for table in ("internal_notes", *AUDIENCES, *OFFERED):
        security.look(table, "true")
    for more in OFFERED.values():
        if "audience" in more:
            op.execute(f"DROP FUNCTION {more['audience']}_any(bigint)")
