"""Practices look at what their professionals show of patients' words, and hide it with a reason."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("testimonial") as table:
        table.add_column(sa.Column("why", sa.String(length=300), nullable=False, server_default=""))
        table.add_column(sa.Column("hidden_why", sa.String(length=300), nullable=True))
        table.add_column(sa.Column("looked_at", UtcTime(), nullable=True))
        table.add_column(sa.Column("looked_by", sa.Uuid(), nullable=True))
        table.create_foreign_key(op.f("fk_testimonial_looked_by"), "person", ["looked_by"], ["id"])
    with op.batch_alter_table("testimonial") as table:
        table.alter_column("why", existing_type=sa.String(length=300), server_default=None)
