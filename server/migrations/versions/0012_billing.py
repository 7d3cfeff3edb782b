"""How services are paid for, charges, refunds, disputes, and the ledger."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STANDING = sa.text("state IN ('open', 'paid')")


def upgrade() -> None:
    for table in ("service", "appointment"):
        op.add_column(table, sa.Column("pays", sa.String(length=20), nullable=False, server_default="practice"))
        op.add_column(table, sa.Column("late_fee_percent", sa.Integer(), nullable=True))
        op.add_column(table, sa.Column("no_show_fee_percent", sa.Integer(), nullable=False, server_default="0"))
    _merchants()
    _charges()
    _refunds()
    _disputes()
    _ledger()


def _merchants() -> None:
    op.create_table(
        "merchant_account",
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("ready", sa.Boolean(), nullable=False),
        sa.Column("wanting", sa.JSON(), nullable=False),
        sa.Column("checked_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_merchant_account_professional_id")),
        sa.PrimaryKeyConstraint("professional_id", name=op.f("pk_merchant_account")),
        sa.UniqueConstraint("account", name=op.f("uq_merchant_account_account")),
    )
    op.create_table(
        "provider_event",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("account", sa.String(length=100), nullable=True),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("applied_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_event")),
    )


def _charges() -> None:
    op.create_table(
        "charge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("fee_minor", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=300), nullable=False),
        sa.Column("checkout_id", sa.String(length=200), nullable=True),
        sa.Column("checkout_url", sa.String(length=2000), nullable=True),
        sa.Column("payment", sa.String(length=200), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("mobile", sa.String(length=40), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("paid_at", UtcTime(), nullable=True),
        sa.Column("disputed_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name=op.f("fk_charge_appointment_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_charge_practice_id")),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_charge_professional_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_charge_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge")),
    )
    for column in ("appointment_id", "practice_id", "professional_id", "checkout_id"):
        op.create_index(op.f(f"ix_charge_{column}"), "charge", [column])
    op.create_index(op.f("uq_charge_standing"), "charge", ["appointment_id"], unique=True, sqlite_where=STANDING, postgresql_where=STANDING)


def _refunds() -> None:
    op.create_table(
        "refund",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("charge_id", sa.Uuid(), nullable=False),
        sa.Column("minor", sa.Integer(), nullable=False),
        sa.Column("with_fee", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("provider_ref", sa.String(length=200), nullable=True),
        sa.Column("requested_at", UtcTime(), nullable=False),
        sa.Column("settled_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_refund_charge_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_refund_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
    )
    for column in ("charge_id", "state", "provider_ref"):
        op.create_index(op.f(f"ix_refund_{column}"), "refund", [column])


def _disputes() -> None:
    op.create_table(
        "dispute",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("charge_id", sa.Uuid(), nullable=False),
        sa.Column("provider_ref", sa.String(length=200), nullable=False),
        sa.Column("minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("settled_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_dispute_charge_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("provider_ref", name=op.f("uq_dispute_provider_ref")),
    )
    op.create_index(op.f("ix_dispute_charge_id"), "dispute", ["charge_id"])


def _ledger() -> None:
    op.create_table(
        "ledger_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(length=20), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("charge_id", sa.Uuid(), nullable=True),
        sa.Column("refund_id", sa.Uuid(), nullable=True),
        sa.Column("minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_ledger_line_professional_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_ledger_line_practice_id")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_ledger_line_charge_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_ledger_line_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_line")),
    )
    for column in ("entry_id", "professional_id", "practice_id", "charge_id"):
        op.create_index(op.f(f"ix_ledger_line_{column}"), "ledger_line", [column])
