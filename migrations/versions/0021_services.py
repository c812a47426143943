"""Services with their versions, what customers fill in, and the work list."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import security

revision = "0021_services"
down_revision = "0020_quote_life"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())
OLD = {"wizard": JSON, "wizard_version": sa.Integer(), "work_stages": JSON}  # columns of order_types


def stamped():
    """The columns every record has."""
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )


def instant(name):
    """A column with a moment that may not have come yet."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def upgrade():
    for name in OLD:  # a service needs versions; nothing was ever written here
        op.drop_column("order_types", name)
    _services()
    _wizard_drafts()
    _work_stages()
    # whose rows, and who may do what
    security.shared("services")
    security.shared("service_versions")
    for role in security.STAFF:
        op.execute(f"REVOKE UPDATE, DELETE ON service_versions FROM {role}")  # a published version stays as it is
    security.owned("wizard_drafts")
    security.owned("work_stages", branch="branch_id")
    security.owned("work_rounds", via=("stage_id", "work_stages"))


def _services():
    op.create_table(
        "services",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("names", JSON, nullable=False),
        sa.Column("descriptions", JSON, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("order_type_id", sa.BigInteger(), nullable=True),
        sa.Column("currency_code", sa.String(length=3), nullable=False),
        sa.Column("draft", JSON, nullable=False),
        sa.Column("published_id", sa.BigInteger(), nullable=True),
        *stamped(),
        sa.CheckConstraint("state in ('draft', 'published', 'withdrawn')", name="ck_services_state"),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"]),
        sa.ForeignKeyConstraint(["order_type_id"], ["order_types.id"]),
        sa.ForeignKeyConstraint(["currency_code"], ["currencies.code"]),
        sa.UniqueConstraint("code"),
    )
    op.create_index(op.f("ix_services_product_id"), "services", ["product_id"], unique=False)
    op.create_table(
        "service_versions",
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("names", JSON, nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("order_type_id", sa.BigInteger(), nullable=True),
        sa.Column("currency_code", sa.String(length=3), nullable=False),
        sa.Column("definition", JSON, nullable=False),
        *stamped(),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"]),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"]),
        sa.ForeignKeyConstraint(["order_type_id"], ["order_types.id"]),
        sa.ForeignKeyConstraint(["currency_code"], ["currencies.code"]),
        sa.UniqueConstraint("service_id", "number"),
    )


def _wizard_drafts():
    op.create_table(
        "wizard_drafts",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("service_version_id", sa.BigInteger(), nullable=False),
        sa.Column("currency_code", sa.String(length=3), nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        *stamped(),
        sa.CheckConstraint("state in ('open', 'ordered')", name="ck_wizard_drafts_state"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"]),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"]),
        sa.ForeignKeyConstraint(["service_version_id"], ["service_versions.id"]),
        sa.ForeignKeyConstraint(["currency_code"], ["currencies.code"]),
        sa.ForeignKeyConstraint(["customer_id", "order_id"], ["orders.customer_id", "orders.id"]),
        sa.UniqueConstraint("customer_id", "id"),
    )
    op.create_index("ix_wizard_drafts_customer", "wizard_drafts", ["customer_id", "state", "id"], unique=False)
    op.create_index("ix_wizard_drafts_state", "wizard_drafts", ["state", "updated_at"], unique=False)
    for name in ("service_id", "service_version_id"):
        op.create_index(op.f(f"ix_wizard_drafts_{name}"), "wizard_drafts", [name], unique=False)


def _work_stages():
    states = "'waiting', 'doing', 'shown', 'changes_requested', 'approved', 'done', 'cancelled'"
    op.create_table(
        "work_stages",
        sa.Column("number", sa.String(length=50), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("service_version_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("names", JSON, nullable=False),
        sa.Column("approval", sa.Boolean(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("handler_id", sa.Integer(), nullable=True),
        sa.Column("revisions", sa.Integer(), nullable=False),
        instant("due_at"),
        instant("shown_at"),
        instant("approved_at"),
        instant("done_at"),
        *stamped(),
        sa.CheckConstraint(f"state in ({states})", name="ck_work_stages_state"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"]),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"]),
        sa.ForeignKeyConstraint(["service_version_id"], ["service_versions.id"]),
        sa.ForeignKeyConstraint(["handler_id"], ["ab_user.id"]),
        sa.ForeignKeyConstraint(["customer_id", "order_id"], ["orders.customer_id", "orders.id"]),
        sa.UniqueConstraint("customer_id", "id"),
        sa.UniqueConstraint("order_id", "position"),
    )
    op.create_index("ix_work_stages_customer_state", "work_stages", ["customer_id", "state", "id"], unique=False)
    op.create_index("ix_work_stages_handler", "work_stages", ["handler_id", "state", "id"], unique=False)
    op.create_index("ix_work_stages_number", "work_stages", ["number"], unique=False,
                    postgresql_ops={"number": "text_pattern_ops"})  # fmt: skip
    op.create_index("ix_work_stages_state", "work_stages", ["state", "id"], unique=False)
    op.create_index(op.f("ix_work_stages_service_version_id"), "work_stages", ["service_version_id"], unique=False)
    op.create_table(
        "work_rounds",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("stage_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        instant("answered_at"),
        *stamped(),
        sa.CheckConstraint("answer in ('', 'approved', 'changes', 'time')", name="ck_work_rounds_answer"),
        sa.ForeignKeyConstraint(
            ["customer_id", "stage_id"], ["work_stages.customer_id", "work_stages.id"], ondelete="CASCADE"
        ),
        sa.UniqueConstraint("customer_id", "id"),
        sa.UniqueConstraint("stage_id", "number"),
    )


def downgrade():
    tables = ("work_rounds", "work_stages", "wizard_drafts")
    security.forget(*tables)
    for name in (*tables, "service_versions", "services"):
        op.drop_table(name)
    for name, kind in OLD.items():
        op.add_column("order_types", sa.Column(name, kind, nullable=True))
