"""Consent to news by channel, addresses that are written no news, and letters with one text for many."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "news_consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("wording_version", sa.String(length=20), nullable=False),
        sa.Column("wording_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("given_by", sa.Uuid(), nullable=True),
        sa.Column("given_via", sa.String(length=20), nullable=False),
        sa.Column("given_at", UtcTime(), nullable=False),
        sa.Column("withdrawn_via", sa.String(length=20), nullable=True),
        sa.Column("withdrawn_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_news_consent_patient_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["given_by"], ["person.id"], name=op.f("fk_news_consent_given_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news_consent")),
    )
    op.create_index(op.f("ix_news_consent_patient_id"), "news_consent", ["patient_id"])
    op.create_table(
        "news_stop",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("address_mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("stopped_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_news_stop_practice_id")),
        sa.PrimaryKeyConstraint("practice_id", "channel", "address_mac", name=op.f("pk_news_stop")),
    )
    _circulars()


def _circulars() -> None:
    op.create_table(
        "circular",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("edits", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("begins_at", UtcTime(), nullable=True),
        sa.Column("next_at", UtcTime(), nullable=True),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("settled_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_circular_practice_id")),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_circular_professional_id")),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name=op.f("fk_circular_changed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_circular")),
    )
    op.create_index(op.f("ix_circular_practice_id"), "circular", ["practice_id"])
    op.create_table(
        "circular_copy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("circular_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("test_for", sa.Uuid(), nullable=True),
        sa.Column("tested", sa.Boolean(), nullable=False),
        sa.Column("came", sa.String(length=20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("again_at", UtcTime(), nullable=True),
        sa.Column("settled_at", UtcTime(), nullable=True),
        sa.Column("unsubscribed_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["circular_id"], ["circular.id"], name=op.f("fk_circular_copy_circular_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_circular_copy_patient_id")),
        sa.ForeignKeyConstraint(["test_for"], ["person.id"], name=op.f("fk_circular_copy_test_for")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_circular_copy")),
        sa.UniqueConstraint("circular_id", "patient_id", name=op.f("uq_circular_copy_circular_id")),
    )
    for column in ("circular_id", "patient_id"):
        op.create_index(op.f(f"ix_circular_copy_{column}"), "circular_copy", [column])
