"""Reminders, delays, a practice's own texts, and what became of what could not be delivered."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0014"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("reminds_day_before", "reminds_shortly_before"):
        op.add_column("practice", sa.Column(column, sa.Boolean(), nullable=False, server_default=sa.true()))
    _reminders()
    _delays()
    for column in ("reminder", "delay"):
        _refer("delivery", column)
    op.add_column("delivery", sa.Column("why", sa.String(length=20), nullable=True))
    op.add_column("delivery", sa.Column("dealt_with_at", UtcTime(), nullable=True))
    _texts()


def _reminders() -> None:
    op.create_table(
        "reminder",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("settled_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name=op.f("fk_reminder_appointment_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint("appointment_id", "sequence", "kind", name=op.f("uq_reminder_appointment_id")),
    )


def _delays() -> None:
    op.create_table(
        "delay",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("said_at", UtcTime(), nullable=False),
        sa.Column("taken_back_at", UtcTime(), nullable=True),
        sa.Column("told_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_delay_practice_id")),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_delay_professional_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delay")),
    )
    for column in ("practice_id", "professional_id"):
        op.create_index(op.f(f"ix_delay_{column}"), "delay", [column])


def _texts() -> None:
    op.create_table(
        "message_text",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_message_text_practice_id")),
        sa.PrimaryKeyConstraint("practice_id", "kind", "language", name=op.f("pk_message_text")),
    )


def _refer(table: str, other: str) -> None:
    """Add a foreign key to another table; SQLite has to write the table anew for that."""
    column = f"{other}_id"
    with op.batch_alter_table(table) as batch:
        batch.add_column(sa.Column(column, sa.Uuid(), nullable=True))
        batch.create_foreign_key(op.f(f"fk_{table}_{column}"), other, [column], ["id"], ondelete="CASCADE")
