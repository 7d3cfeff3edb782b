"""Legal holds on records, and the end of each: rows are added and never changed."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("placed_by", sa.Uuid(), nullable=False),
        sa.Column("placed_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_legal_hold_practice_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_legal_hold_patient_id")),
        sa.ForeignKeyConstraint(["placed_by"], ["person.id"], name=op.f("fk_legal_hold_placed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    for column in ("practice_id", "patient_id"):
        op.create_index(op.f(f"ix_legal_hold_{column}"), "legal_hold", [column])
    op.create_table(
        "legal_hold_lift",
        sa.Column("hold_id", sa.Uuid(), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("lifted_by", sa.Uuid(), nullable=False),
        sa.Column("lifted_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["hold_id"], ["legal_hold.id"], name=op.f("fk_legal_hold_lift_hold_id")),
        sa.ForeignKeyConstraint(["lifted_by"], ["person.id"], name=op.f("fk_legal_hold_lift_lifted_by")),
        sa.PrimaryKeyConstraint("hold_id", name=op.f("pk_legal_hold_lift")),
    )
