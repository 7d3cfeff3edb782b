"""How long data are kept: rules, runs, what is over; and a document about money may lose its buyer's name, and nothing else."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

FIXED = "a document that was issued never changes"
NOBODY = "-"


def upgrade() -> None:
    op.create_table(
        "retention_rules",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("preset", sa.String(length=20), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("decided_at", UtcTime(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_retention_rules_practice_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_retention_rules_decided_by")),
        sa.PrimaryKeyConstraint("practice_id", "version", name=op.f("pk_retention_rules")),
    )
    op.create_table(
        "retention_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("began_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("done_to", sa.Uuid(), nullable=True),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_retention_run_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_run")),
        sa.UniqueConstraint("practice_id", "day", name=op.f("uq_retention_run_practice_id")),
    )
    op.create_table(
        "expired_record",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("expired_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_expired_record_patient_id")),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_expired_record")),
    )
    op.create_table(
        "account_notice",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_notice_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_account_notice")),
    )
    _let_names_go()


def _let_names_go() -> None:
    """Once tax law asks for a document no longer, its sums stay for the books, and the name goes; not a letter else may change."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION billing_document_fixed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF TG_OP = 'UPDATE' AND NEW.buyer_name = '{NOBODY}' "
            "AND to_jsonb(NEW) - 'buyer_name' = to_jsonb(OLD) - 'buyer_name' THEN RETURN NEW; END IF; "
            f"RAISE EXCEPTION '{FIXED}' USING ERRCODE = 'CB001'; END $$"
        )
        return
    columns = [row[1] for row in op.get_bind().execute(sa.text("PRAGMA table_info(billing_document)")) if row[1] != "buyer_name"]
    same = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in columns)
    op.execute("DROP TRIGGER billing_document_no_update")
    op.execute(
        "CREATE TRIGGER billing_document_no_update BEFORE UPDATE ON billing_document "
        f"WHEN NOT (NEW.buyer_name = '{NOBODY}' AND {same}) BEGIN SELECT RAISE(ABORT, '{FIXED}'); END"
    )
