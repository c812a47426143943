"""Contracts and their lines."""

import sqlalchemy as sa
from alembic import op

import models.base
from migrations import security

revision = "0016_contracts"
down_revision = "0015_quotes"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "contracts",
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("locale", sa.String(length=12), nullable=False),
        sa.Column("currency_code", sa.String(length=3), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("predecessor_id", sa.BigInteger(), nullable=True),
        sa.Column("predecessor_number", sa.String(length=40), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_by", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("terminated_on", sa.Date(), nullable=True),
        sa.Column("total_net", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by", sa.BigInteger(), nullable=True),
        sa.Column("deleted_reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "ends_on is null or starts_on is null or ends_on >= starts_on", name="ck_contracts_term"
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branches.id"],
        ),
        sa.ForeignKeyConstraint(
            ["currency_code"],
            ["currencies.code"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "predecessor_id"],
            ["contracts.customer_id", "contracts.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("customer_id", "id"),
    )
    op.create_index("ix_contracts_customer_state", "contracts", ["customer_id", "state", "id"], unique=False)
    op.create_index("ix_contracts_ends_on", "contracts", ["ends_on", "id"], unique=False)
    op.create_index("ix_contracts_state", "contracts", ["state", "id"], unique=False)
    op.create_index(
        "ux_contracts_number",
        "contracts",
        ["number"],
        unique=True,
        postgresql_where=sa.text("deleted_at is null"),
        postgresql_ops={"number": "text_pattern_ops"},
    )
    op.create_index(
        "ux_contracts_predecessor",
        "contracts",
        ["predecessor_id"],
        unique=True,
        postgresql_where=sa.text("deleted_at is null and state <> 'rejected'"),
    )
    op.create_table(
        "contract_lines",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("sku", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("quantity", models.base.Exact(precision=18, scale=6), nullable=False),
        sa.Column("unit_price", models.base.Exact(precision=18, scale=6), nullable=False),
        sa.Column("sale_type", sa.String(length=10), nullable=False),
        sa.Column("net", models.base.Exact(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("sale_type in ('purchase', 'gift', 'test')", name="ck_contract_lines_sale_type"),
        sa.ForeignKeyConstraint(
            ["customer_id", "contract_id"], ["contracts.customer_id", "contracts.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("customer_id", "id"),
    )
    op.create_index("ix_contract_lines_contract", "contract_lines", ["contract_id", "position"], unique=False)
    op.create_index(op.f("ix_contract_lines_product_id"), "contract_lines", ["product_id"], unique=False)
    # whose rows, and who may do what
    security.owned("contracts", branch="branch_id")
    security.owned("contract_lines", via=("contract_id", "contracts"))


def downgrade():
    security.forget("contracts", "contract_lines")
    op.drop_index(op.f("ix_contract_lines_product_id"), table_name="contract_lines")
    op.drop_index("ix_contract_lines_contract", table_name="contract_lines")
    op.drop_table("contract_lines")
    op.drop_index(
        "ux_contracts_predecessor",
        table_name="contracts",
        postgresql_where=sa.text("deleted_at is null and state <> 'rejected'"),
    )
    op.drop_index(
        "ux_contracts_number", table_name="contracts", postgresql_where=sa.text("deleted_at is null")
    )
    op.drop_index("ix_contracts_state", table_name="contracts")
    op.drop_index("ix_contracts_ends_on", table_name="contracts")
    op.drop_index("ix_contracts_customer_state", table_name="contracts")
    op.drop_table("contracts")
