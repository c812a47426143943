"""Quotes get a life: requests, revisions, counter-offers. Until now no screen made any, so the tables are small."""

import sqlalchemy as sa
from alembic import op

import models.base
from migrations import security

revision = "0020_quote_life"
down_revision = "0019_tickets"
branch_labels = None
depends_on = None


def upgrade():
    for column in (
        sa.Column("origin", sa.String(8), server_default="customer", nullable=False),
        sa.Column("includes_tax", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("reference", sa.String(80), server_default="", nullable=False),
        sa.Column("requested_on", sa.Date()),
        sa.Column("delivery_method_id", sa.BigInteger(), sa.ForeignKey("delivery_methods.id")),
        sa.Column("delivery_address_id", sa.BigInteger()),
        sa.Column("internal_remark", sa.Text(), server_default="", nullable=False),
        sa.Column("handler_id", sa.Integer(), sa.ForeignKey("ab_user.id")),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("submitted_by", sa.Integer()),
        *(sa.Column(f"{name}_at", sa.DateTime(timezone=True)) for name in ("published", "countered", "answered",
                                                                           "converted")),
        sa.Column("warned_on", sa.Date()),
    ):  # fmt: skip
        op.add_column("quotes", column)
    op.create_foreign_key(
        "fk_quotes_delivery_address", "quotes", "addresses", ["customer_id", "delivery_address_id"],
        ["customer_id", "id"],
    )  # fmt: skip
    op.drop_index("ux_quotes_number", table_name="quotes")
    op.create_index(
        "ux_quotes_number", "quotes", ["number"], unique=True, postgresql_where=sa.text("deleted_at is null"),
        postgresql_ops={"number": "text_pattern_ops"},
    )  # fmt: skip
    op.create_index(
        "ix_quotes_valid_until", "quotes", ["valid_until", "id"], postgresql_where=sa.text("state = 'offered'")
    )
    for column in (
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("published", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("alternative", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("counts", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("list_price", models.base.Exact(18, 6)),
        sa.Column("requested_on", sa.Date()),
        sa.Column("internal_cost", models.base.Exact(18, 6)),
        sa.Column("counter_quantity", models.base.Exact(18, 6)),
        sa.Column("counter_price", models.base.Exact(18, 6)),
        sa.Column("counter_on", sa.Date()),
    ):
        op.add_column("quote_lines", column)
    op.drop_index("ix_quote_lines_quote", table_name="quote_lines")
    op.create_index("ix_quote_lines_quote", "quote_lines", ["quote_id", "revision", "position"])
    _revisions()
    # what was written before was worked out by us and shown to nobody: it becomes the first revision
    op.execute("""insert into quote_revisions (customer_id, quote_id, revision, published, valid_until, remark,
        includes_tax, counter_comment, total_net, total_tax, total_gross, created_at, created_by, updated_at,
        updated_by) select customer_id, id, 1, false, valid_until, remark, false, '', total_net, total_tax,
        total_gross, created_at, created_by, updated_at, updated_by from quotes""")
    op.execute("update quote_lines set revision = 1")
    op.execute("""update quotes set origin = 'staff', remark = '', valid_until = null, total_net = 0, total_tax = 0,
        total_gross = 0""")


def _revisions():
    amounts = [
        sa.Column(f"total_{name}", models.base.Exact(18, 4), server_default="0", nullable=False)
        for name in ("net", "tax", "gross")
    ]
    op.create_table(
        "quote_revisions",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("quote_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("valid_until", sa.Date()),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("includes_tax", sa.Boolean(), nullable=False),
        sa.Column("priced_by", sa.Integer()),
        sa.Column("reviewed_at", sa.DateTime(timezone=True)),
        sa.Column("reviewed_by", sa.Integer()),
        sa.Column("countered_at", sa.DateTime(timezone=True)),
        sa.Column("counter_comment", sa.Text(), nullable=False),
        *amounts,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id", "quote_id"], ["quotes.customer_id", "quotes.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("customer_id", "id"),
        sa.UniqueConstraint("quote_id", "revision"),
    )
    # whose rows, and who may do what
    security.owned("quote_revisions", via=("quote_id", "quotes"))


def downgrade():
    # one version of each quote remains: the last one, published or not
    op.execute("""update quotes q set remark = case when q.remark = '' then r.remark else q.remark end,
        valid_until = r.valid_until, total_net = r.total_net, total_tax = r.total_tax, total_gross = r.total_gross
        from quote_revisions r where r.quote_id = q.id
          and r.revision = (select max(revision) from quote_revisions where quote_id = q.id)""")
    op.execute("""delete from quote_lines l where not l.counts
        or l.revision <> (select max(revision) from quote_revisions where quote_id = l.quote_id)""")
    security.forget("quote_revisions")
    op.drop_table("quote_revisions")
    op.drop_index("ix_quote_lines_quote", table_name="quote_lines")
    for name in ("counter_on", "counter_price", "counter_quantity", "internal_cost", "requested_on", "list_price",
                 "counts", "alternative", "published", "revision"):  # fmt: skip
        op.drop_column("quote_lines", name)
    op.create_index("ix_quote_lines_quote", "quote_lines", ["quote_id", "position"])
    op.drop_index("ix_quotes_valid_until", table_name="quotes")
    op.drop_index("ux_quotes_number", table_name="quotes")
    op.create_index(
        "ux_quotes_number", "quotes", ["number"], unique=True, postgresql_where=sa.text("deleted_at is null")
    )
    op.drop_constraint("fk_quotes_delivery_address", "quotes", type_="foreignkey")
    for name in ("warned_on", "converted_at", "answered_at", "countered_at", "published_at", "submitted_by",
                 "revision", "handler_id", "internal_remark", "delivery_address_id", "delivery_method_id",
                 "requested_on", "reference", "includes_tax", "origin"):  # fmt: skip
        op.drop_column("quotes", name)
