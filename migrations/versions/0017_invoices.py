"""Invoices and their lines."""

import sqlalchemy as sa
from alembic import op

import models.base
from migrations import security

revision = "0017_invoices"
down_revision = "0016_contracts"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "invoices",
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("order_number", sa.String(length=40), nullable=False),
        sa.Column("credits_id", sa.BigInteger(), nullable=True),
        sa.Column("locale", sa.String(length=12), nullable=False),
        sa.Column("currency_code", sa.String(length=3), nullable=False),
        sa.Column("includes_tax", sa.Boolean(), nullable=False),
        sa.Column("billing_address", sa.Text(), nullable=False),
        sa.Column("tax_id", sa.String(length=40), nullable=False),
        sa.Column("terms_days", sa.Integer(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("payment_status", sa.String(length=8), nullable=False),
        sa.Column("total_net", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("total_tax", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column(
            "total_gross", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False
        ),
        sa.Column(
            "paid_amount", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False
        ),
        sa.Column(
            "open_amount", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False
        ),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by", sa.BigInteger(), nullable=True),
        sa.Column("deleted_reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint("payment_status in ('unpaid', 'part', 'paid')", name="ck_invoices_payment"),
        sa.CheckConstraint(
            "paid_amount between 0 and total_gross and open_amount between 0 and total_gross",
            name="ck_invoices_paid",
        ),
        sa.CheckConstraint(
            "type in ('proforma', 'final', 'payment_request', 'tax', 'credit_note')", name="ck_invoices_type"
        ),
        sa.CheckConstraint("total_gross = total_net + total_tax", name="ck_invoices_totals"),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branches.id"],
        ),
        sa.ForeignKeyConstraint(
            ["currency_code"],
            ["currencies.code"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "credits_id"],
            ["invoices.customer_id", "invoices.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "order_id"],
            ["orders.customer_id", "orders.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("customer_id", "id"),
    )
    op.create_index("ix_invoices_branch", "invoices", ["branch_id", "id"], unique=False)
    op.create_index(
        "ix_invoices_credits",
        "invoices",
        ["credits_id"],
        unique=False,
        postgresql_where=sa.text("credits_id is not null"),
    )
    op.create_index("ix_invoices_customer_state", "invoices", ["customer_id", "state", "id"], unique=False)
    op.create_index("ix_invoices_due_on", "invoices", ["due_on", "id"], unique=False)
    op.create_index("ix_invoices_order", "invoices", ["order_id"], unique=False)
    op.create_index("ix_invoices_state", "invoices", ["state", "id"], unique=False)
    op.create_index("ix_invoices_type", "invoices", ["type", "id"], unique=False)
    op.create_index(
        "ux_invoices_number",
        "invoices",
        ["number"],
        unique=True,
        postgresql_where=sa.text("deleted_at is null"),
        postgresql_ops={"number": "text_pattern_ops"},
    )
    op.create_table(
        "invoice_lines",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=True),
        sa.Column("credits_line_id", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("sku", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("unit_code", sa.String(length=8), nullable=False),
        sa.Column("tax_code", sa.String(length=20), nullable=False),
        sa.Column("tax_rate", models.base.Exact(precision=9, scale=4), nullable=False),
        sa.Column("quantity", models.base.Exact(precision=18, scale=6), nullable=False),
        sa.Column("unit_price", models.base.Exact(precision=18, scale=6), nullable=False),
        sa.Column("net", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("tax", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("gross", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("gross = net + tax", name="ck_invoice_lines_gross"),
        sa.ForeignKeyConstraint(
            ["customer_id", "invoice_id"], ["invoices.customer_id", "invoices.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "order_line_id"],
            ["order_lines.customer_id", "order_lines.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "credits_line_id"],
            ["invoice_lines.customer_id", "invoice_lines.id"],
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("customer_id", "id"),
    )
    op.create_index(
        "ix_invoice_lines_credits",
        "invoice_lines",
        ["credits_line_id"],
        unique=False,
        postgresql_where=sa.text("credits_line_id is not null"),
    )
    op.create_index("ix_invoice_lines_invoice", "invoice_lines", ["invoice_id", "position"], unique=False)
    op.create_index("ix_invoice_lines_order_line", "invoice_lines", ["order_line_id"], unique=False)
    op.create_index(op.f("ix_invoice_lines_product_id"), "invoice_lines", ["product_id"], unique=False)
    # whose rows, and who may do what
    security.owned("invoices", branch="branch_id")
    security.owned("invoice_lines", via=("invoice_id", "invoices"))


def downgrade():
    security.forget("invoices", "invoice_lines")
    op.drop_index(op.f("ix_invoice_lines_product_id"), table_name="invoice_lines")
    op.drop_index("ix_invoice_lines_order_line", table_name="invoice_lines")
    op.drop_index("ix_invoice_lines_invoice", table_name="invoice_lines")
    op.drop_index(
        "ix_invoice_lines_credits",
        table_name="invoice_lines",
        postgresql_where=sa.text("credits_line_id is not null"),
    )
    op.drop_table("invoice_lines")
    op.drop_index(
        "ux_invoices_number",
        table_name="invoices",
        postgresql_where=sa.text("deleted_at is null"),
        postgresql_ops={"number": "text_pattern_ops"},
    )
    op.drop_index("ix_invoices_type", table_name="invoices")
    op.drop_index("ix_invoices_state", table_name="invoices")
    op.drop_index("ix_invoices_order", table_name="invoices")
    op.drop_index("ix_invoices_due_on", table_name="invoices")
    op.drop_index("ix_invoices_customer_state", table_name="invoices")
    op.drop_index(
        "ix_invoices_credits", table_name="invoices", postgresql_where=sa.text("credits_id is not null")
    )
    op.drop_index("ix_invoices_branch", table_name="invoices")
    op.drop_table("invoices")
