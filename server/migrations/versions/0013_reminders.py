"""What the waiting needs: reminders, delays, waiting lists, calendar feeds, own texts, undelivered messages, and how it was."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("reminds_day_before", "reminds_shortly_before"):
        op.add_column("practice", sa.Column(column, sa.Boolean(), nullable=False, server_default=sa.true()))
    _reminders()
    _delays()
    with op.batch_alter_table("feedback") as batch:
        batch.add_column(sa.Column("felt", sa.Integer(), nullable=True))
        batch.drop_column("worked")
    _seekers()
    _feeds()
    for column in ("reminder", "delay", "seeker"):
        _refer("delivery", column)
    op.add_column("delivery", sa.Column("why", sa.String(length=20), nullable=True))
    op.add_column("delivery", sa.Column("dealt_with_at", UtcTime(), nullable=True))
    with op.batch_alter_table("delivery") as batch:
        batch.alter_column("consultation_id", existing_type=sa.Uuid(), nullable=True)
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


def _seekers() -> None:
    op.create_table(
        "seeker",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("mobile", sa.String(length=40), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("weekdays", sa.String(length=7), nullable=False),
        sa.Column("mornings", sa.Boolean(), nullable=False),
        sa.Column("afternoons", sa.Boolean(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("offered_at", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_seeker_practice_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_seeker_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seeker")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_seeker_token_hash")),
    )
    for column in ("practice_id", "service_id"):
        op.create_index(op.f(f"ix_seeker_{column}"), "seeker", [column])
    op.create_table(
        "slot_offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seeker_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("begins_at", UtcTime(), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["seeker_id"], ["seeker.id"], name=op.f("fk_slot_offer_seeker_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name=op.f("fk_slot_offer_appointment_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot_offer")),
        sa.UniqueConstraint("seeker_id", "begins_at", name=op.f("uq_slot_offer_seeker_id")),
    )
    op.create_index(op.f("ix_slot_offer_appointment_id"), "slot_offer", ["appointment_id"])


def _feeds() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("initials", sa.Boolean(), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_calendar_feed_professional_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("professional_id", name=op.f("uq_calendar_feed_professional_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feed_token_hash")),
    )


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
