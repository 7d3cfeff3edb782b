"""Copies of somebody's data, while they are made and until they are taken."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_copy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("data_key", sa.LargeBinary(length=128), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_by", sa.Uuid(), nullable=True),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("ready_at", UtcTime(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("head", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_data_copy_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_copy")),
        sa.UniqueConstraint("person_id", name=op.f("uq_data_copy_person_id")),
    )
    op.create_index(op.f("ix_data_copy_key_id"), "data_copy", ["key_id"])
