"""Questionnaires with their versions, what patients answered, and which one a service asks."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# What nobody may do, whichever code asks: (trigger, when and on what, condition, sentence). A rotation seals the data keys anew.
GUARDS = (
    ("questionnaire_version_fixed", "BEFORE UPDATE ON questionnaire_version", "", "a published version is never changed"),
    (
        "answer_set_fixed",
        "BEFORE UPDATE OF id, appointment_id, patient_id, version_id, sealed, edits, begun_at, saved_at, sent_at ON answer_set",
        "OLD.sent_at IS NOT NULL",
        "what was sent is never changed",
    ),
)


def upgrade() -> None:
    _questionnaires()
    _answers()
    _service()
    for name, moment, condition, sentence in GUARDS:
        _guard(name, moment, f"WHEN ({condition})" if condition else "", sentence)


def _questionnaires() -> None:
    op.create_table(
        "questionnaire",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("edits", sa.Integer(), nullable=False),
        sa.Column("usual", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_questionnaire_practice_id_practice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire")),
    )
    op.create_index(op.f("ix_questionnaire_practice_id"), "questionnaire", ["practice_id"])
    op.create_table(
        "questionnaire_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("questionnaire_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("questions", sa.Text(), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("published_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["questionnaire_id"], ["questionnaire.id"], name=op.f("fk_questionnaire_version_questionnaire_id")),
        sa.ForeignKeyConstraint(["published_by"], ["person.id"], name=op.f("fk_questionnaire_version_published_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire_version")),
        sa.UniqueConstraint("questionnaire_id", "number", name=op.f("uq_questionnaire_version_questionnaire_id")),
    )


def _answers() -> None:
    op.create_table(
        "answer_set",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("data_key", sa.LargeBinary(length=128), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("edits", sa.Integer(), nullable=False),
        sa.Column("begun_at", UtcTime(), nullable=False),
        sa.Column("saved_at", UtcTime(), nullable=False),
        sa.Column("sent_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name=op.f("fk_answer_set_appointment_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_answer_set_patient_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["version_id"], ["questionnaire_version.id"], name=op.f("fk_answer_set_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_set")),
    )
    for column in ("appointment_id", "patient_id", "version_id", "key_id"):
        op.create_index(op.f(f"ix_answer_set_{column}"), "answer_set", [column])
    unsent = sa.text("sent_at IS NULL")
    op.create_index(
        op.f("uq_answer_set_draft"), "answer_set", ["appointment_id"], unique=True, sqlite_where=unsent, postgresql_where=unsent
    )


def _service() -> None:
    if op.get_bind().dialect.name == "sqlite":  # which adds a foreign key only together with its column
        foreign = "CONSTRAINT fk_service_questionnaire_id REFERENCES questionnaire (id)"
        op.execute(f"ALTER TABLE service ADD COLUMN questionnaire_id CHAR(32) {foreign}")
    else:
        op.add_column("service", sa.Column("questionnaire_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f("fk_service_questionnaire_id"), "service", "questionnaire", ["questionnaire_id"], ["id"])
    op.create_index(op.f("ix_service_questionnaire_id"), "service", ["questionnaire_id"])


def _guard(name: str, moment: str, when: str, sentence: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {name} {moment} {when} BEGIN SELECT RAISE(ABORT, '{sentence}'); END")
        return
    body = f"BEGIN RAISE EXCEPTION '{sentence}' USING ERRCODE = 'CL001'; END"
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    op.execute(f"CREATE TRIGGER {name} {moment} FOR EACH ROW {when} EXECUTE FUNCTION {name}()")
