"""Receipts, invoices and credit notes with their numbers, and what a practice says about itself on them.

Also why a refund was asked for by hand, and until when a dispute can be answered.
"""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

FIXED = "a document that was issued never changes"


def upgrade() -> None:
    op.add_column("refund", sa.Column("why", sa.String(length=200), nullable=False, server_default=""))
    op.add_column("dispute", sa.Column("answer_by", UtcTime(), nullable=True))
    _sellers()
    _documents()
    _guard()


def _sellers() -> None:
    op.create_table(
        "seller",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("vat_number", sa.String(length=20), nullable=False),
        sa.Column("vat_kind", sa.String(length=20), nullable=False),
        sa.Column("vat_words", sa.String(length=300), nullable=False),
        sa.Column("pay_words", sa.String(length=500), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_seller_practice_id")),
        sa.PrimaryKeyConstraint("practice_id", name=op.f("pk_seller")),
    )
    op.create_table(
        "service_vat",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_service_vat_service_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("service_id", name=op.f("pk_service_vat")),
    )
    op.create_table(
        "document_number",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_document_number_practice_id")),
        sa.PrimaryKeyConstraint("practice_id", "sandbox", name=op.f("pk_document_number")),
    )


def _documents() -> None:
    op.create_table(
        "billing_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("charge_id", sa.Uuid(), nullable=True),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seller_name", sa.String(length=200), nullable=False),
        sa.Column("seller_address", sa.String(length=500), nullable=False),
        sa.Column("vat_number", sa.String(length=20), nullable=False),
        sa.Column("pay_words", sa.String(length=500), nullable=False),
        sa.Column("buyer_name", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("given_by", sa.String(length=250), nullable=False),
        sa.Column("given_at", UtcTime(), nullable=False),
        sa.Column("gross_minor", sa.Integer(), nullable=False),
        sa.Column("net_minor", sa.Integer(), nullable=False),
        sa.Column("vat_minor", sa.Integer(), nullable=False),
        sa.Column("vat_kind", sa.String(length=20), nullable=False),
        sa.Column("vat_rate", sa.Integer(), nullable=True),
        sa.Column("vat_words", sa.String(length=300), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("issued_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_billing_document_practice_id")),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_billing_document_professional_id")),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name=op.f("fk_billing_document_appointment_id")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_billing_document_charge_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["billing_document.id"], name=op.f("fk_billing_document_corrects_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_document")),
        sa.UniqueConstraint("practice_id", "sandbox", "number", name=op.f("uq_billing_document_practice_id")),
        sa.UniqueConstraint("about_id", "kind", name=op.f("uq_billing_document_about_id")),
    )
    for column in ("professional_id", "appointment_id", "charge_id"):
        op.create_index(op.f(f"ix_billing_document_{column}"), "billing_document", [column], unique=False)


def _guard() -> None:
    """Let neither a mistake of ours nor a hurried administrator change what a patient has on paper."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION billing_document_fixed() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{FIXED}' USING ERRCODE = 'CB001'; END $$"
        )
        op.execute(
            "CREATE TRIGGER billing_document_fixed BEFORE UPDATE OR DELETE ON billing_document "
            "FOR EACH ROW EXECUTE FUNCTION billing_document_fixed()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER billing_document_no_{act.lower()} BEFORE {act} ON billing_document BEGIN SELECT RAISE(ABORT, '{FIXED}'); END"
        )
