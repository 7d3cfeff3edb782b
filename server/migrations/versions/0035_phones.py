"""Phones of accounts that their owners have proved."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account_details", sa.Column("phone_confirmed_at", UtcTime(), nullable=True))
    op.create_table(
        "phone_proof",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_phone_proof_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_proof")),
    )
    op.create_index(op.f("ix_phone_proof_person_id"), "phone_proof", ["person_id"])
