"""What patients let others read about a professional."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "testimonial",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.String(length=600), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("given_at", UtcTime(), nullable=False),
        sa.Column("decided_at", UtcTime(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("fk_testimonial_participant_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_testimonial_professional_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_testimonial_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_testimonial")),
        sa.UniqueConstraint("participant_id", name=op.f("uq_testimonial_participant_id")),
    )
    op.create_index(op.f("ix_testimonial_professional_id"), "testimonial", ["professional_id"])
