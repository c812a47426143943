"""Who is staff and who external, memberships, access groups, links to set a password."""

import sqlalchemy as sa
from alembic import op

from migrations import security

revision = "0005_people"
down_revision = "0004_customers"
branch_labels = None
depends_on = None

STAMPED = (
    "ab_permission_view_role",
    "ab_user_role",
    "ab_user_group",
    "ab_group_role",
    "ab_role",
)


def upgrade():
    op.create_table(
        "access_groups",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "access_stamp",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "failed_sign_ins",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_failed_sign_ins", "failed_sign_ins", ["kind", "key", "at"], unique=False)
    op.create_table(
        "set_password_links",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_sha256"),
    )
    op.create_index(op.f("ix_set_password_links_user_id"), "set_password_links", ["user_id"], unique=False)
    op.create_table(
        "people",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), server_default="invited", nullable=False),
        sa.Column("locale", sa.String(length=12), nullable=False),
        sa.Column("calendar", sa.String(length=10), nullable=False),
        sa.Column("digits", sa.String(length=8), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("currency_code", sa.String(length=3), nullable=True),
        sa.Column("mobile", sa.String(length=40), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=True),
        sa.Column("branch_limited", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind <> 'staff' or branch_id is not null", name="ck_people_branch"),
        sa.CheckConstraint("kind in ('staff', 'external')", name="ck_people_kind"),
        sa.CheckConstraint("state in ('invited', 'active', 'inactive')", name="ck_people_state"),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branches.id"],
        ),
        sa.ForeignKeyConstraint(
            ["currency_code"],
            ["currencies.code"],
        ),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "memberships",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("access_group_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["access_group_id"],
            ["access_groups.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
        ),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "customer_id"),
    )
    op.create_index(op.f("ix_memberships_access_group_id"), "memberships", ["access_group_id"], unique=False)
    op.create_index(op.f("ix_memberships_customer_id"), "memberships", ["customer_id"], unique=False)
    op.create_index(op.f("ix_memberships_user_id"), "memberships", ["user_id"], unique=False)
    # whose rows, and who may do what
    security.infrastructure(
        "people",
        none="SELECT",
        external="SELECT, UPDATE (locale, calendar, digits, timezone, currency_code, mobile)",
    )
    security.shared("access_groups")
    security.infrastructure("memberships", none="SELECT", external="SELECT")
    security.infrastructure("set_password_links", none="SELECT, UPDATE (used_at)", external="SELECT")
    security.infrastructure(
        "failed_sign_ins", none="SELECT, INSERT, DELETE", external="SELECT, INSERT, DELETE"
    )
    security.infrastructure("access_stamp", none="SELECT", external="SELECT")
    op.execute("INSERT INTO access_stamp (id, stamp) VALUES (1, 0)")
    op.execute(
        """CREATE FUNCTION stamp_access() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = public AS $$
        BEGIN UPDATE access_stamp SET stamp = stamp + 1; RETURN NULL; END $$"""
    )
    for table in STAMPED:
        op.execute(
            f"CREATE TRIGGER stamp_access AFTER INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION stamp_access()"
        )


def downgrade():
    for table in STAMPED:
        op.execute(f"DROP TRIGGER stamp_access ON {table}")
    op.execute("DROP FUNCTION stamp_access")
    op.drop_index(op.f("ix_memberships_user_id"), table_name="memberships")
    op.drop_index(op.f("ix_memberships_customer_id"), table_name="memberships")
    op.drop_index(op.f("ix_memberships_access_group_id"), table_name="memberships")
    op.drop_table("memberships")
    op.drop_table("people")
    op.drop_index(op.f("ix_set_password_links_user_id"), table_name="set_password_links")
    op.drop_table("set_password_links")
    op.drop_index("ix_failed_sign_ins", table_name="failed_sign_ins")
    op.drop_table("failed_sign_ins")
    op.drop_table("access_stamp")
    op.drop_table("access_groups")
