"""Categories, products, price lists and prices, what access groups may find."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import models.base
from migrations import security

revision = "0008_products"
down_revision = "0007_files"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "categories",
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("names", models.base.Localized(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["categories.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index(op.f("ix_categories_parent_id"), "categories", ["parent_id"], unique=False)
    op.create_table(
        "price_lists",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("currency_code", sa.String(length=3), nullable=False),
        sa.Column("includes_tax", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("everyone", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("valid_until is null or valid_until >= valid_from", name="ck_price_lists_valid"),
        sa.ForeignKeyConstraint(
            ["currency_code"],
            ["currencies.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "products",
        sa.Column("sku", sa.String(length=40), nullable=False),
        sa.Column("names", models.base.Localized(), nullable=False),
        sa.Column("descriptions", models.base.Localized(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column("family", sa.String(length=60), nullable=False),
        sa.Column("characteristic", sa.String(length=120), nullable=False),
        sa.Column("brand", sa.String(length=80), nullable=False),
        sa.Column("model", sa.String(length=80), nullable=False),
        sa.Column("specification", sa.Text(), nullable=False),
        sa.Column("service", sa.Boolean(), nullable=False),
        sa.Column("unit_code", sa.String(length=8), nullable=False),
        sa.Column("tax_category_id", sa.BigInteger(), nullable=False),
        sa.Column("backorder", sa.Boolean(), nullable=False),
        sa.Column("stock_threshold", models.base.Exact(precision=18, scale=6), nullable=True),
        sa.Column("weight_kg", models.base.Exact(precision=18, scale=6), nullable=True),
        sa.Column("barcode", sa.String(length=20), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("everyone", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("search", models.base.SearchText(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["categories.id"],
        ),
        sa.ForeignKeyConstraint(
            ["tax_category_id"],
            ["tax_categories.id"],
        ),
        sa.ForeignKeyConstraint(
            ["unit_code"],
            ["units.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_products_brand"), "products", ["brand"], unique=False)
    op.create_index("ix_products_category", "products", ["category_id", "id"], unique=False)
    op.create_index(op.f("ix_products_family"), "products", ["family"], unique=False)
    op.create_index(op.f("ix_products_model"), "products", ["model"], unique=False)
    op.create_index("ix_products_search", "products", ["search"], unique=False, postgresql_using="gin")
    op.create_index(op.f("ix_products_tax_category_id"), "products", ["tax_category_id"], unique=False)
    op.create_index("ux_products_sku", "products", [sa.literal_column("upper(sku)")], unique=True)
    op.create_table(
        "access_restrictions",
        sa.Column("access_group_id", sa.BigInteger(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column("price_list_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("num_nonnulls(category_id, price_list_id) = 1", name="ck_access_restrictions_one"),
        sa.ForeignKeyConstraint(
            ["access_group_id"],
            ["access_groups.id"],
        ),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["categories.id"],
        ),
        sa.ForeignKeyConstraint(
            ["price_list_id"],
            ["price_lists.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_access_restrictions_access_group_id"),
        "access_restrictions",
        ["access_group_id"],
        unique=False,
    )
    op.create_index(
        "ux_access_restrictions",
        "access_restrictions",
        ["access_group_id", "category_id", "price_list_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "prices",
        sa.Column("price_list_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("from_quantity", models.base.Exact(precision=18, scale=6), nullable=False),
        sa.Column("unit_price", models.base.Exact(precision=18, scale=6), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by", sa.BigInteger(), nullable=True),
        sa.Column("deleted_reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint("from_quantity > 0", name="ck_prices_from_quantity"),
        sa.CheckConstraint("unit_price >= 0", name="ck_prices_unit_price"),
        sa.ForeignKeyConstraint(
            ["price_list_id"],
            ["price_lists.id"],
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_prices_list", "prices", ["price_list_id", "id"], unique=False)
    op.create_index(
        "ux_prices",
        "prices",
        ["product_id", "price_list_id", "from_quantity"],
        unique=True,
        postgresql_where=sa.text("deleted_at is null"),
    )
    op.create_table(
        "unit_factors",
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_code", sa.String(length=8), nullable=False),
        sa.Column("factor", models.base.Exact(precision=18, scale=6), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("factor > 0", name="ck_unit_factors_factor"),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
        ),
        sa.ForeignKeyConstraint(
            ["unit_code"],
            ["units.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("product_id", "unit_code"),
    )
    op.create_index(op.f("ix_unit_factors_product_id"), "unit_factors", ["product_id"], unique=False)
    op.create_table(
        "product_pictures",
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("thumb_sha256", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_product_pictures_product_id"), "product_pictures", ["product_id"], unique=False)
    op.create_table(
        "price_list_audiences",
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("access_group_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(customer_id, access_group_id) = 1", name="ck_price_list_audiences_one"
        ),
        sa.ForeignKeyConstraint(
            ["access_group_id"],
            ["access_groups.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
        ),
        sa.ForeignKeyConstraint(["record_id"], ["price_lists.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_price_list_audiences_access_group_id"),
        "price_list_audiences",
        ["access_group_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_price_list_audiences_customer_id"), "price_list_audiences", ["customer_id"], unique=False
    )
    op.create_index(
        "ux_price_list_audiences",
        "price_list_audiences",
        ["record_id", "customer_id", "access_group_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "product_audiences",
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("access_group_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("num_nonnulls(customer_id, access_group_id) = 1", name="ck_product_audiences_one"),
        sa.ForeignKeyConstraint(
            ["access_group_id"],
            ["access_groups.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
        ),
        sa.ForeignKeyConstraint(["record_id"], ["products.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_product_audiences_access_group_id"), "product_audiences", ["access_group_id"], unique=False
    )
    op.create_index(
        op.f("ix_product_audiences_customer_id"), "product_audiences", ["customer_id"], unique=False
    )
    op.create_index(
        "ux_product_audiences",
        "product_audiences",
        ["record_id", "customer_id", "access_group_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    # the text index knows ids only: row security still decides which of these products somebody sees
    op.execute(
        """CREATE FUNCTION found_products(wanted tsquery) RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER
        ROWS 50 SET search_path = public, pg_temp AS 'SELECT id FROM products WHERE search @@ wanted'"""
    )
    op.execute("REVOKE EXECUTE ON FUNCTION found_products(tsquery) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION found_products(tsquery) TO serai_staff, serai_branch, serai_external")
    # whose rows, and who may do what
    security.shared("categories")
    security.offered("products", audience="product_audiences")
    security.audience("product_audiences")
    security.offered("unit_factors", parent=("product_id", "products"))
    security.offered("product_pictures", parent=("product_id", "products"))
    security.offered("price_lists", audience="price_list_audiences")
    security.audience("price_list_audiences")
    security.offered("prices", parent=("price_list_id", "price_lists"))
    security.staff_only("access_restrictions")


def downgrade():
    op.execute("DROP FUNCTION found_products(tsquery)")
    security.forget(
        "products",
        "product_audiences",
        "unit_factors",
        "product_pictures",
        "price_lists",
        "price_list_audiences",
        "prices",
        "access_restrictions",
    )
    op.drop_index("ux_product_audiences", table_name="product_audiences", postgresql_nulls_not_distinct=True)
    op.drop_index(op.f("ix_product_audiences_customer_id"), table_name="product_audiences")
    op.drop_index(op.f("ix_product_audiences_access_group_id"), table_name="product_audiences")
    op.drop_table("product_audiences")
    op.drop_index(
        "ux_price_list_audiences", table_name="price_list_audiences", postgresql_nulls_not_distinct=True
    )
    op.drop_index(op.f("ix_price_list_audiences_customer_id"), table_name="price_list_audiences")
    op.drop_index(op.f("ix_price_list_audiences_access_group_id"), table_name="price_list_audiences")
    op.drop_table("price_list_audiences")
    op.drop_index(op.f("ix_product_pictures_product_id"), table_name="product_pictures")
    op.drop_table("product_pictures")
    op.drop_index(op.f("ix_unit_factors_product_id"), table_name="unit_factors")
    op.drop_table("unit_factors")
    op.drop_index("ux_prices", table_name="prices", postgresql_where=sa.text("deleted_at is null"))
    op.drop_index("ix_prices_list", table_name="prices")
    op.drop_table("prices")
    op.drop_index(
        "ux_access_restrictions", table_name="access_restrictions", postgresql_nulls_not_distinct=True
    )
    op.drop_index(op.f("ix_access_restrictions_access_group_id"), table_name="access_restrictions")
    op.drop_table("access_restrictions")
    op.drop_index("ux_products_sku", table_name="products")
    op.drop_index(op.f("ix_products_tax_category_id"), table_name="products")
    op.drop_index("ix_products_search", table_name="products", postgresql_using="gin")
    op.drop_index(op.f("ix_products_model"), table_name="products")
    op.drop_index(op.f("ix_products_family"), table_name="products")
    op.drop_index("ix_products_category", table_name="products")
    op.drop_index(op.f("ix_products_brand"), table_name="products")
    op.drop_table("products")
    op.drop_table("price_lists")
    op.drop_index(op.f("ix_categories_parent_id"), table_name="categories")
    op.drop_table("categories")
