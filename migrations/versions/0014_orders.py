"""Order types, orders, lines, reservations, links between documents, imported lines."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import models.base
from migrations import security

revision = "0014_orders"
down_revision = "0013_notifications"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "document_links",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("from_noun", sa.String(length=40), nullable=False),
        sa.Column("from_id", sa.BigInteger(), nullable=False),
        sa.Column("from_number", sa.String(length=40), nullable=False),
        sa.Column("to_noun", sa.String(length=40), nullable=False),
        sa.Column("to_id", sa.BigInteger(), nullable=False),
        sa.Column("to_number", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("from_noun", "from_id", "to_noun", "to_id", "kind"),
    )
    op.create_index("ix_document_links_to", "document_links", ["to_noun", "to_id"], unique=False)
    op.create_table(
        "imported_lines",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("document", sa.String(length=40), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "document", "ordinal"),
    )
    op.create_table(
        "order_types",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("names", models.base.Localized(), nullable=False),
        sa.Column("series", sa.String(length=40), nullable=False),
        sa.Column("number_mode", sa.String(length=20), nullable=False),
        sa.Column("confirmation", sa.String(length=20), nullable=False),
        sa.Column("delete_policy", sa.String(length=20), nullable=False),
        sa.Column("prepayment_percent", models.base.Exact(precision=9, scale=4), nullable=True),
        sa.Column("payment_terms_id", sa.BigInteger(), nullable=True),
        sa.Column("wizard", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("wizard_version", sa.Integer(), nullable=True),
        sa.Column("work_stages", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "confirmation in ('manager', 'auto_stock_check')", name="ck_order_types_confirmation"
        ),
        sa.CheckConstraint(
            "delete_policy in ('confirm', 'hq_only', 'special_approval')", name="ck_order_types_delete"
        ),
        sa.CheckConstraint(
            "number_mode in ('auto', 'manual', 'auto_overridable')", name="ck_order_types_number"
        ),
        sa.ForeignKeyConstraint(
            ["payment_terms_id"],
            ["payment_terms.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "orders",
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="draft", nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("order_type_id", sa.BigInteger(), nullable=False),
        sa.Column("portal_id", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("locale", sa.String(length=12), nullable=False),
        sa.Column("currency_code", sa.String(length=3), nullable=False),
        sa.Column("exchange_rate", models.base.Exact(precision=18, scale=8), nullable=True),
        sa.Column("includes_tax", sa.Boolean(), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=True),
        sa.Column("delivery_address_id", sa.BigInteger(), nullable=True),
        sa.Column("billing_address_id", sa.BigInteger(), nullable=True),
        sa.Column("payment_terms_id", sa.BigInteger(), nullable=True),
        sa.Column("delivery_method_id", sa.BigInteger(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("requested_on", sa.Date(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handler_id", sa.Integer(), nullable=True),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_by", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("billing", sa.String(length=10), nullable=False),
        sa.Column("shipping", sa.String(length=10), nullable=False),
        sa.Column("payment", sa.String(length=10), nullable=False),
        sa.Column("total_net", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("total_tax", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column(
            "total_gross", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False
        ),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by", sa.BigInteger(), nullable=True),
        sa.Column("deleted_reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint("total_gross = total_net + total_tax", name="ck_orders_totals"),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branches.id"],
        ),
        sa.ForeignKeyConstraint(
            ["currency_code"],
            ["currencies.code"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "billing_address_id"],
            ["addresses.customer_id", "addresses.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "delivery_address_id"],
            ["addresses.customer_id", "addresses.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
        ),
        sa.ForeignKeyConstraint(
            ["delivery_method_id"],
            ["delivery_methods.id"],
        ),
        sa.ForeignKeyConstraint(
            ["handler_id"],
            ["ab_user.id"],
        ),
        sa.ForeignKeyConstraint(
            ["order_type_id"],
            ["order_types.id"],
        ),
        sa.ForeignKeyConstraint(
            ["payment_terms_id"],
            ["payment_terms.id"],
        ),
        sa.ForeignKeyConstraint(
            ["portal_id"],
            ["portals.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("customer_id", "id"),
    )
    op.create_index("ix_orders_branch", "orders", ["branch_id", "id"], unique=False)
    op.create_index("ix_orders_customer_state", "orders", ["customer_id", "state", "id"], unique=False)
    op.create_index("ix_orders_gross", "orders", ["total_gross", "id"], unique=False)
    op.create_index("ix_orders_handler", "orders", ["handler_id", "state", "id"], unique=False)
    op.create_index("ix_orders_reference", "orders", ["customer_id", "reference"], unique=False)
    op.create_index("ix_orders_state", "orders", ["state", "id"], unique=False)
    op.create_index("ix_orders_ordered", "orders", ["ordered_at", "id"], unique=False)
    op.create_index(
        "ux_orders_number",
        "orders",
        ["number"],
        unique=True,
        postgresql_where=sa.text("deleted_at is null"),
        postgresql_ops={"number": "text_pattern_ops"},
    )
    op.create_table(
        "order_lines",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("sku", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("unit_code", sa.String(length=8), nullable=False),
        sa.Column("pack_factor", models.base.Exact(precision=18, scale=6), nullable=False),
        sa.Column("tax_code", sa.String(length=20), nullable=False),
        sa.Column("tax_rate", models.base.Exact(precision=9, scale=4), nullable=False),
        sa.Column("list_price", models.base.Exact(precision=18, scale=6), nullable=False),
        sa.Column("discount_percent", models.base.Exact(precision=9, scale=4), nullable=False),
        sa.Column("unit_price", models.base.Exact(precision=18, scale=6), nullable=False),
        sa.Column("price_source", sa.String(length=200), nullable=False),
        sa.Column("quantity_ordered", models.base.Exact(precision=18, scale=6), nullable=False),
        sa.Column("quantity_available", models.base.Exact(precision=18, scale=6), nullable=True),
        sa.Column(
            "quantity_approved", models.base.Exact(precision=18, scale=6), server_default="0", nullable=False
        ),
        sa.Column(
            "quantity_shipped", models.base.Exact(precision=18, scale=6), server_default="0", nullable=False
        ),
        sa.Column(
            "quantity_invoiced", models.base.Exact(precision=18, scale=6), server_default="0", nullable=False
        ),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=True),
        sa.Column("requested_on", sa.Date(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("sale_type", sa.String(length=10), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("net", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("tax", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("gross", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state in ('open', 'approved', 'rejected')", name="ck_order_lines_state"),
        sa.CheckConstraint("gross = net + tax", name="ck_order_lines_gross"),
        sa.CheckConstraint("quantity_approved <= quantity_ordered", name="ck_order_lines_approved"),
        sa.ForeignKeyConstraint(
            ["customer_id", "order_id"], ["orders.customer_id", "orders.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
        ),
        sa.ForeignKeyConstraint(
            ["warehouse_id"],
            ["warehouses.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("customer_id", "id"),
    )
    op.create_index("ix_order_lines_order", "order_lines", ["order_id", "position"], unique=False)
    op.create_index("ix_order_lines_product", "order_lines", ["product_id", "order_id"], unique=False)
    op.create_table(
        "reservations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", models.base.Exact(precision=18, scale=6), nullable=False),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity > 0", name="ck_reservations_quantity"),
        sa.ForeignKeyConstraint(
            ["customer_id", "order_line_id"],
            ["order_lines.customer_id", "order_lines.id"],
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
        ),
        sa.ForeignKeyConstraint(
            ["warehouse_id"],
            ["warehouses.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("order_line_id", "warehouse_id"),
    )
    op.create_index(op.f("ix_reservations_product_id"), "reservations", ["product_id"], unique=False)
    op.create_index(op.f("ix_reservations_warehouse_id"), "reservations", ["warehouse_id"], unique=False)
    # whose rows, and who may do what
    security.shared("order_types")
    security.owned("orders", branch="branch_id")
    security.owned("order_lines", via=("order_id", "orders"))
    security.owned("reservations", via=("order_line_id", "order_lines"))
    security.owned("document_links")
    security.infrastructure("imported_lines")


def downgrade():
    security.forget("orders", "order_lines", "reservations", "document_links")
    op.drop_index(op.f("ix_reservations_warehouse_id"), table_name="reservations")
    op.drop_index(op.f("ix_reservations_product_id"), table_name="reservations")
    op.drop_table("reservations")
    op.drop_index("ix_order_lines_product", table_name="order_lines")
    op.drop_index("ix_order_lines_order", table_name="order_lines")
    op.drop_table("order_lines")
    op.drop_index(
        "ux_orders_number",
        table_name="orders",
        postgresql_where=sa.text("deleted_at is null"),
        postgresql_ops={"number": "text_pattern_ops"},
    )
    op.drop_index("ix_orders_ordered", table_name="orders")
    op.drop_index("ix_orders_state", table_name="orders")
    op.drop_index("ix_orders_reference", table_name="orders")
    op.drop_index("ix_orders_handler", table_name="orders")
    op.drop_index("ix_orders_gross", table_name="orders")
    op.drop_index("ix_orders_customer_state", table_name="orders")
    op.drop_index("ix_orders_branch", table_name="orders")
    op.drop_table("orders")
    op.drop_table("order_types")
    op.drop_table("imported_lines")
    op.drop_index("ix_document_links_to", table_name="document_links")
    op.drop_table("document_links")
