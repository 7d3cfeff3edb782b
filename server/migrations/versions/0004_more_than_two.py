"""Guests of a consultation, colleagues who only listen, and who asked them in."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("participant", sa.Column("relation", sa.String(length=20), nullable=True))
    op.add_column("participant", sa.Column("quiet", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("participant", sa.Column("withdrawn_at", UtcTime(), nullable=True))
    op.create_table(
        "invitation",
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("mobile", sa.String(length=40), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("invited_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("fk_invitation_participant_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_invitation_person_id")),
        sa.PrimaryKeyConstraint("participant_id", name=op.f("pk_invitation")),
    )
    op.create_index(op.f("ix_invitation_person_id"), "invitation", ["person_id"])
