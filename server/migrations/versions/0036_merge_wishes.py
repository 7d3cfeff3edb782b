"""What somebody with two accounts was asked about two records, and answered."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "merge_wish",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("one_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("one_agreed_at", UtcTime(), nullable=True),
        sa.Column("other_agreed_at", UtcTime(), nullable=True),
        sa.Column("refused_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_merge_wish_practice_id")),
        sa.ForeignKeyConstraint(["one_id"], ["patient.id"], name=op.f("fk_merge_wish_one_id")),
        sa.ForeignKeyConstraint(["other_id"], ["patient.id"], name=op.f("fk_merge_wish_other_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_merge_wish_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge_wish")),
    )
    for column in ("practice_id", "one_id", "other_id"):
        op.create_index(op.f(f"ix_merge_wish_{column}"), "merge_wish", [column])
