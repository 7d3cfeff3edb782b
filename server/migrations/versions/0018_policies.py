"""Published texts of policies, which never change; and what people write to a practice."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

FIXED = "a published version is never changed"


def upgrade() -> None:
    op.create_table(
        "policy_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("policy", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changes", sa.String(length=500), nullable=False),
        sa.Column("bases", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("effective_at", UtcTime(), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("published_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_policy_version_practice_id")),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_policy_version_professional_id")),
        sa.ForeignKeyConstraint(["published_by"], ["person.id"], name=op.f("fk_policy_version_published_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_version")),
        sa.UniqueConstraint("owner_id", "policy", "number", name=op.f("uq_policy_version_owner_id")),
    )
    op.create_index(op.f("ix_policy_version_practice_id"), "policy_version", ["practice_id"])
    op.create_table(
        "policy_acceptance",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("accepted_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["policy_version.id"], name=op.f("fk_policy_acceptance_version_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_policy_acceptance_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("version_id", "person_id", name=op.f("pk_policy_acceptance")),
    )
    _guard()
    _letters()


def _guard() -> None:
    """Let nobody say later that another text was in force."""
    if op.get_bind().dialect.name == "postgresql":
        body = f"BEGIN RAISE EXCEPTION '{FIXED}' USING ERRCODE = 'CP001'; END"
        op.execute(f"CREATE FUNCTION policy_version_fixed() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        op.execute(
            "CREATE TRIGGER policy_version_fixed BEFORE UPDATE OR DELETE ON policy_version "
            "FOR EACH ROW EXECUTE FUNCTION policy_version_fixed()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER policy_version_no_{act.lower()} BEFORE {act} ON policy_version BEGIN SELECT RAISE(ABORT, '{FIXED}'); END"
        )


def _letters() -> None:
    op.create_table(
        "letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("data_key", sa.LargeBinary(length=128), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("acknowledge_by", UtcTime(), nullable=True),
        sa.Column("acknowledged_at", UtcTime(), nullable=True),
        sa.Column("answered_at", UtcTime(), nullable=True),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_letter_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("practice_id", "number", name=op.f("uq_letter_practice_id")),
    )
    for column in ("practice_id", "key_id"):
        op.create_index(op.f(f"ix_letter_{column}"), "letter", [column])
