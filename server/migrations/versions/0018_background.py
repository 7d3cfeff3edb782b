"""Who a patient is, and what is known of their health beside the consultations."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NAME = "background_entry"


def upgrade() -> None:
    op.create_table(
        NAME,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=True),
        sa.Column("removes", sa.Boolean(), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("data_key", sa.LargeBinary(length=128), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=True),
        sa.Column("written_by", sa.Uuid(), nullable=True),
        sa.Column("written_at", UtcTime(), nullable=False),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_background_entry_patient_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["about_id"], ["background_entry.id"], name=op.f("fk_background_entry_about_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["written_by"], ["person.id"], name=op.f("fk_background_entry_written_by")),
        sa.ForeignKeyConstraint(["settled_by"], ["person.id"], name=op.f("fk_background_entry_settled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_background_entry")),
    )
    op.create_index(op.f("ix_background_entry_patient_id"), NAME, ["patient_id"])
    op.create_index(op.f("ix_background_entry_key_id"), NAME, ["key_id"])
