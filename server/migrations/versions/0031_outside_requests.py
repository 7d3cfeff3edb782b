"""What is asked of their data by somebody without an account, until a code proves who asks, and the links by which they read the answer."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rights_request", sa.Column("reply_to", sa.LargeBinary(), nullable=True))
    op.create_table(
        "outside_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("data_key", sa.LargeBinary(length=128), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_outside_request_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_request")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_outside_request_token_hash")),
    )
    op.create_index(op.f("ix_outside_request_key_id"), "outside_request", ["key_id"])
    op.create_table(
        "handover",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("codes", sa.Integer(), nullable=False),
        sa.Column("code_at", UtcTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["rights_request.id"], name=op.f("fk_handover_request_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_handover")),
    )
    op.create_index(op.f("ix_handover_request_id"), "handover", ["request_id"])
