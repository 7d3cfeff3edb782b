"""Photographs of professionals on their pages in the directory."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "photo",
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("mark", sa.String(length=32), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.Column("given_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_photo_professional_id")),
        sa.PrimaryKeyConstraint("professional_id", name=op.f("pk_photo")),
    )
