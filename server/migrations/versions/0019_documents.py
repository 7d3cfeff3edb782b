"""Documents and photographs of a record, and the messages with which one is sent in a call."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NAME = "record_file"


def upgrade() -> None:
    op.create_table(
        NAME,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("consultation_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("participant_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("head", sa.LargeBinary(length=32), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=True),
        sa.Column("data_key", sa.LargeBinary(length=128), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("added_at", UtcTime(), nullable=False),
        sa.Column("hidden_at", UtcTime(), nullable=True),
        sa.Column("hidden_by", sa.Uuid(), nullable=True),
        sa.Column("hidden_why", sa.String(length=300), nullable=True),
        sa.Column("deleted_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_record_file_patient_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["consultation_id"], ["consultation.id"], name=op.f("fk_record_file_consultation_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_record_file_person_id")),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("fk_record_file_participant_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["hidden_by"], ["person.id"], name=op.f("fk_record_file_hidden_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_file")),
    )
    for column in ("patient_id", "consultation_id", "key_id"):
        op.create_index(op.f(f"ix_record_file_{column}"), NAME, [column])
    op.add_column("chat_message", sa.Column("file_id", sa.Uuid(), nullable=True))
