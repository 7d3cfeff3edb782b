"""Which records are restricted: kept, and not used."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "restriction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("began_at", UtcTime(), nullable=False),
        sa.Column("lift_reason", sa.String(length=500), nullable=True),
        sa.Column("announced_at", UtcTime(), nullable=True),
        sa.Column("ends_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_restriction_practice_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_restriction_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restriction")),
    )
    for column in ("practice_id", "patient_id"):
        op.create_index(op.f(f"ix_restriction_{column}"), "restriction", [column])
