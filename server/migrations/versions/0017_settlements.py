"""What attendance came to at the end of an appointment, and what a professional decided about it."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "settlement",
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("finding", sa.String(length=20), nullable=False),
        sa.Column("waited_s", sa.Integer(), nullable=False),
        sa.Column("together_s", sa.Integer(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.String(length=20), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("final_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_settlement_appointment_id_appointment"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_settlement_decided_by_person")),
        sa.PrimaryKeyConstraint("appointment_id", name=op.f("pk_settlement")),
    )
    op.create_index(op.f("ix_settlement_final_at"), "settlement", ["final_at"], unique=False)
