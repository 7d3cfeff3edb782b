"""How the pages of a practice look to patients."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "brand",
        sa.Column("mark", sa.String(length=32), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("light", sa.String(length=7), nullable=True),
        sa.Column("dark", sa.String(length=7), nullable=True),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("words", sa.String(length=120), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_brand_practice_id")),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_brand")),
    )
    op.create_index(op.f("ix_brand_practice_id"), "brand", ["practice_id"])
    op.add_column("practice", sa.Column("brand", sa.String(length=32), nullable=True))
    op.add_column("practice", sa.Column("logo_words", sa.String(length=120), nullable=True))
    op.add_column("billing_document", sa.Column("brand", sa.String(length=32), nullable=True))
