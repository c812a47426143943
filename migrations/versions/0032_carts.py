"""Carts, payment methods; an order keeps how it is paid and what the customer says of a line (CRT-01 to CRT-07)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import security
from models.base import Exact

revision = "0032_carts"
down_revision = "0031_wording"
branch_labels = None
depends_on = None


def _stamped():
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger()),
    )


def upgrade():
    op.create_table(
        "payment_methods",
        sa.Column("code", sa.String(20), nullable=False, unique=True),
        sa.Column("names", postgresql.JSONB(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        *_stamped(),
    )
    security.shared("payment_methods")
    op.add_column("orders", sa.Column("payment_method_id", sa.BigInteger(), sa.ForeignKey("payment_methods.id")))
    op.add_column("order_lines", sa.Column("remark", sa.String(500), server_default="", nullable=False))
    _carts()
    _lines()
    # customers are told whether goods can be had, not how many: ids only, and row security narrows them
    op.execute(
        """CREATE FUNCTION stocked_products(near bigint) RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER
        SET search_path = public, pg_temp AS $$
        SELECT l.product_id FROM stock_levels l WHERE l.on_hand > l.reserved AND l.warehouse_id = (
            SELECT w.id FROM warehouses w WHERE w.archived_at IS NULL AND w."default"
            ORDER BY w.branch_id <> near, w.branch_id, w.id LIMIT 1) $$"""
    )
    op.execute("REVOKE EXECUTE ON FUNCTION stocked_products(bigint) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION stocked_products(bigint) TO serai_staff, serai_branch, serai_external")
    with op.get_context().autocommit_block():
        op.create_index("ix_products_sku", "products", ["sku", "id"], if_not_exists=True,
                        postgresql_concurrently=True)  # fmt: skip


def _carts():
    op.create_table(
        "carts",
        sa.Column("customer_id", sa.BigInteger(), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branches.id"), nullable=False),
        sa.Column("owner_id", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=False),
        sa.Column("state", sa.String(8), server_default="active", nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("currency_code", sa.String(3), sa.ForeignKey("currencies.code"), nullable=False),
        sa.Column("delivery_address_id", sa.BigInteger()),
        sa.Column("delivery_method_id", sa.BigInteger(), sa.ForeignKey("delivery_methods.id")),
        sa.Column("payment_method_id", sa.BigInteger(), sa.ForeignKey("payment_methods.id")),
        sa.Column("requested_on", sa.Date()),
        sa.Column("reference", sa.String(80), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("promotion_code", sa.String(40), nullable=False),
        sa.Column("order_id", sa.BigInteger()),
        *_stamped(),
        sa.UniqueConstraint("customer_id", "id"),
        sa.ForeignKeyConstraint(["customer_id", "delivery_address_id"], ["addresses.customer_id", "addresses.id"]),
        sa.CheckConstraint("state in ('active', 'saved')", name="ck_carts_state"),
    )
    op.create_index("ux_carts_active", "carts", ["owner_id", "customer_id"], unique=True,
                    postgresql_where=sa.text("state = 'active'"))  # fmt: skip
    op.create_index("ix_carts_customer", "carts", ["customer_id", "id"])
    op.create_index("ix_carts_state", "carts", ["state", "id"])
    op.create_index("ix_carts_touched", "carts", ["updated_at", "id"])
    op.create_index("ix_carts_owner_id", "carts", ["owner_id"])
    security.owned("carts", branch="branch_id")


def _lines():
    op.create_table(
        "cart_lines",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("cart_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), sa.ForeignKey("products.id"), nullable=False),
        sa.Column("sku", sa.String(40), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("quantity", Exact(18, 6), nullable=False),
        sa.Column("told_price", Exact(18, 6)),
        sa.Column("remark", sa.String(500), nullable=False),
        *_stamped(),
        sa.UniqueConstraint("cart_id", "product_id"),
        sa.ForeignKeyConstraint(["customer_id", "cart_id"], ["carts.customer_id", "carts.id"], ondelete="CASCADE"),
        sa.CheckConstraint("quantity > 0", name="ck_cart_lines_quantity"),
    )
    op.create_index("ix_cart_lines_product_id", "cart_lines", ["product_id"])
    security.owned("cart_lines", via=("cart_id", "carts"))


def downgrade():
    op.drop_index("ix_products_sku", table_name="products")
    op.execute("DROP FUNCTION stocked_products(bigint)")
    security.forget("cart_lines")
    op.drop_table("cart_lines")
    security.forget("carts")
    op.drop_table("carts")
    op.drop_column("order_lines", "remark")
    op.drop_column("orders", "payment_method_id")
    security.forget("payment_methods")
    op.drop_table("payment_methods")
