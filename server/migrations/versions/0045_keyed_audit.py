"""By which scheme an entry of the audit is chained, and where each chain ends."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

ENDS = """
INSERT INTO audit_head (practice_id, number, hash)
SELECT practice_id, number, hash FROM audit_entry AS entry
WHERE number = (SELECT max(number) FROM audit_entry AS other WHERE other.practice_id = entry.practice_id)
"""


def upgrade() -> None:
    op.add_column("audit_entry", sa.Column("scheme", sa.SmallInteger(), nullable=False, server_default="1"))
    op.create_table(
        "audit_head",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_audit_head_practice_id")),
        sa.PrimaryKeyConstraint("practice_id", name=op.f("pk_audit_head")),
    )
    op.execute(ENDS)
