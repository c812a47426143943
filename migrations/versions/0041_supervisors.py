"""What waits for a supervisor is found by an index of its own, built while everybody works on."""

import sqlalchemy as sa
from alembic import op

revision = "0041_supervisors"
down_revision = "0040_kept_choices"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():  # the table is big: nobody waits for its index
        op.create_index("ix_approvals_supervised", "approvals", ["record_id"], if_not_exists=True,
                        postgresql_where=sa.text("noun = 'order' and level = 'supervisor' and answer = ''"),
                        postgresql_concurrently=True)  # fmt: skip


def downgrade():
    op.drop_index("ix_approvals_supervised", "approvals", if_exists=True)
