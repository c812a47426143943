"""Files with versions and audience, attachments."""

import sqlalchemy as sa
from alembic import op

from migrations import security

revision = "0007_files"
down_revision = "0006_engine"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "attachments",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("noun", sa.String(length=40), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by", sa.BigInteger(), nullable=True),
        sa.Column("deleted_reason", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("customer_id", "id"),
    )
    op.create_index("ix_attachments_customer", "attachments", ["customer_id", "id"], unique=False)
    op.create_index("ix_attachments_record", "attachments", ["noun", "record_id", "id"], unique=False)
    op.create_table(
        "files",
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("everyone", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("current_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by", sa.BigInteger(), nullable=True),
        sa.Column("deleted_reason", sa.String(length=500), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "file_versions",
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["files.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("file_id", "number"),
    )
    op.create_table(
        "file_audiences",
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("access_group_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("num_nonnulls(customer_id, access_group_id) = 1", name="ck_file_audiences_one"),
        sa.ForeignKeyConstraint(
            ["access_group_id"],
            ["access_groups.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
        ),
        sa.ForeignKeyConstraint(["record_id"], ["files.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_file_audiences_access_group_id"), "file_audiences", ["access_group_id"], unique=False
    )
    op.create_index(op.f("ix_file_audiences_customer_id"), "file_audiences", ["customer_id"], unique=False)
    op.create_index(
        "ux_file_audiences",
        "file_audiences",
        ["record_id", "customer_id", "access_group_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    # whose rows, and who may do what
    security.offered("files", audience="file_audiences")
    security.audience("file_audiences")
    security.offered("file_versions", parent=("file_id", "files"))
    security.owned("attachments")


def downgrade():
    security.forget("files", "file_audiences", "file_versions", "attachments")
    op.drop_index("ux_file_audiences", table_name="file_audiences", postgresql_nulls_not_distinct=True)
    op.drop_index(op.f("ix_file_audiences_customer_id"), table_name="file_audiences")
    op.drop_index(op.f("ix_file_audiences_access_group_id"), table_name="file_audiences")
    op.drop_table("file_audiences")
    op.drop_table("file_versions")
    op.drop_table("files")
    op.drop_index("ix_attachments_record", table_name="attachments")
    op.drop_index("ix_attachments_customer", table_name="attachments")
    op.drop_table("attachments")
