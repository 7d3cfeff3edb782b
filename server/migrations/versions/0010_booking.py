"""What can be booked and when, appointments, and the grains of time that keep one from being sold twice."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _services()
    _hours()
    _appointments()
    _consultations()


def _services() -> None:
    op.create_table(
        "service",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("about", sa.String(length=1000), nullable=False),
        sa.Column("length_min", sa.Integer(), nullable=False),
        sa.Column("buffer_before_min", sa.Integer(), nullable=False),
        sa.Column("buffer_after_min", sa.Integer(), nullable=False),
        sa.Column("price_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("needs", sa.String(length=20), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("grid_min", sa.Integer(), nullable=False),
        sa.Column("notice_min", sa.Integer(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("cancel_until_min", sa.Integer(), nullable=False),
        sa.Column("move_until_min", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.CheckConstraint("(professional_id IS NULL) != (team_id IS NULL)", name=op.f("ck_service_one_owner")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_service_practice_id")),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_service_professional_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_service_team_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["professional.id"], name=op.f("fk_service_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service")),
    )
    for column in ("practice_id", "professional_id", "team_id"):
        op.create_index(op.f(f"ix_service_{column}"), "service", [column])


def _hours() -> None:
    op.create_table(
        "weekly_hours",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("begins_min", sa.Integer(), nullable=False),
        sa.Column("ends_min", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_weekly_hours_professional_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weekly_hours")),
    )
    op.create_index(op.f("ix_weekly_hours_professional_id"), "weekly_hours", ["professional_id"])
    op.create_table(
        "day_exception",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("begins_min", sa.Integer(), nullable=True),
        sa.Column("ends_min", sa.Integer(), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_day_exception_professional_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_exception")),
    )
    for column in ("professional_id", "day"):
        op.create_index(op.f(f"ix_day_exception_{column}"), "day_exception", [column])
    op.create_table(
        "closure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_closure_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure")),
        sa.UniqueConstraint("practice_id", "day", name=op.f("uq_closure_practice_id")),
    )


def _appointments() -> None:
    op.create_table(
        "appointment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("begins_at", UtcTime(), nullable=False),
        sa.Column("ends_at", UtcTime(), nullable=False),
        sa.Column("buffer_before_min", sa.Integer(), nullable=False),
        sa.Column("buffer_after_min", sa.Integer(), nullable=False),
        sa.Column("cancel_until_min", sa.Integer(), nullable=False),
        sa.Column("move_until_min", sa.Integer(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("hold_until", UtcTime(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("mobile", sa.String(length=40), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("booked_by", sa.Uuid(), nullable=True),
        sa.Column("price_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("confirmed_at", UtcTime(), nullable=True),
        sa.Column("cancelled_at", UtcTime(), nullable=True),
        sa.Column("cancelled_by", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_appointment_practice_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_appointment_service_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_appointment_patient_id")),
        sa.ForeignKeyConstraint(["booked_by"], ["person.id"], name=op.f("fk_appointment_booked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
    )
    for column in ("practice_id", "service_id", "patient_id", "begins_at", "hold_until"):
        op.create_index(op.f(f"ix_appointment_{column}"), "appointment", [column])
    _members_and_grains()


def _members_and_grains() -> None:
    op.create_table(
        "appointment_member",
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("lead", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_appointment_member_appointment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_appointment_member_professional_id")),
        sa.PrimaryKeyConstraint("appointment_id", "professional_id", name=op.f("pk_appointment_member")),
    )
    op.create_index(op.f("ix_appointment_member_professional_id"), "appointment_member", ["professional_id"])
    op.create_table(
        "grain",
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("g", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_grain_professional_id")),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name=op.f("fk_grain_appointment_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("professional_id", "g", name=op.f("pk_grain")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_grain_appointment_id"), "grain", ["appointment_id"])


def _consultations() -> None:
    if op.get_bind().dialect.name == "sqlite":  # which adds a foreign key only together with its column
        foreign = "CONSTRAINT fk_consultation_appointment_id REFERENCES appointment (id)"
        op.execute(f"ALTER TABLE consultation ADD COLUMN appointment_id CHAR(32) {foreign}")
    else:
        op.add_column("consultation", sa.Column("appointment_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f("fk_consultation_appointment_id"), "consultation", "appointment", ["appointment_id"], ["id"])
    op.create_index(op.f("ix_consultation_appointment_id"), "consultation", ["appointment_id"], unique=True)
