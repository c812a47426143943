"""Quotes and their lines."""

import sqlalchemy as sa
from alembic import op

import models.base
from migrations import security

revision = "0015_quotes"
down_revision = "0014_orders"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "quotes",
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("locale", sa.String(length=12), nullable=False),
        sa.Column("currency_code", sa.String(length=3), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total_net", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("total_tax", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column(
            "total_gross", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by", sa.BigInteger(), nullable=True),
        sa.Column("deleted_reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branches.id"],
        ),
        sa.ForeignKeyConstraint(
            ["currency_code"],
            ["currencies.code"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("customer_id", "id"),
    )
    op.create_index("ix_quotes_customer_state", "quotes", ["customer_id", "state", "id"], unique=False)
    op.create_index("ix_quotes_state", "quotes", ["state", "id"], unique=False)
    op.create_index(
        "ux_quotes_number", "quotes", ["number"], unique=True, postgresql_where=sa.text("deleted_at is null")
    )
    op.create_table(
        "quote_lines",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("quote_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("sku", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("unit_code", sa.String(length=8), nullable=False),
        sa.Column("tax_rate", models.base.Exact(precision=9, scale=4), nullable=False),
        sa.Column("discount_percent", models.base.Exact(precision=9, scale=4), nullable=False),
        sa.Column("unit_price", models.base.Exact(precision=18, scale=6), nullable=True),
        sa.Column("quantity", models.base.Exact(precision=18, scale=6), nullable=False),
        sa.Column("net", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("tax", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("gross", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("gross = net + tax", name="ck_quote_lines_gross"),
        sa.ForeignKeyConstraint(
            ["customer_id", "quote_id"], ["quotes.customer_id", "quotes.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("customer_id", "id"),
    )
    op.create_index("ix_quote_lines_quote", "quote_lines", ["quote_id", "position"], unique=False)
    # whose rows, and who may do what
    security.owned("quotes", branch="branch_id")
    security.owned("quote_lines", via=("quote_id", "quotes"))


def downgrade():
    security.forget("quotes", "quote_lines")
    op.drop_index("ix_quote_lines_quote", table_name="quote_lines")
    op.drop_table("quote_lines")
    op.drop_index("ux_quotes_number", table_name="quotes", postgresql_where=sa.text("deleted_at is null"))
    op.drop_index("ix_quotes_state", table_name="quotes")
    op.drop_index("ix_quotes_customer_state", table_name="quotes")
    op.drop_table("quotes")
