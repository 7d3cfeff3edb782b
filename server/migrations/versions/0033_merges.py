"""Records that were merged, and answers that may move to another record with their seal."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

SENTENCE = "what was sent is never changed"
FIXED = ("id", "appointment_id", "version_id", "edits", "begun_at", "saved_at", "sent_at")


def upgrade() -> None:
    op.create_table(
        "record_merge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("kept_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("merged_by", sa.Uuid(), nullable=False),
        sa.Column("merged_at", UtcTime(), nullable=False),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.Column("undone_at", UtcTime(), nullable=True),
        sa.Column("key_id", sa.String(length=40), nullable=True),
        sa.Column("data_key", sa.LargeBinary(length=128), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_record_merge_practice_id")),
        sa.ForeignKeyConstraint(["kept_id"], ["patient.id"], name=op.f("fk_record_merge_kept_id")),
        sa.ForeignKeyConstraint(["other_id"], ["patient.id"], name=op.f("fk_record_merge_other_id")),
        sa.ForeignKeyConstraint(["merged_by"], ["person.id"], name=op.f("fk_record_merge_merged_by")),
        sa.ForeignKeyConstraint(["undone_by"], ["person.id"], name=op.f("fk_record_merge_undone_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_merge")),
    )
    for column in ("practice_id", "kept_id", "other_id", "key_id"):
        op.create_index(op.f(f"ix_record_merge_{column}"), "record_merge", [column])
    _let_answers_move()


def _let_answers_move() -> None:
    """What was sent opens for one record only: it is sealed anew when it moves to another, and in no other case."""
    moves = "(NEW.sealed <> OLD.sealed AND NEW.patient_id = OLD.patient_id)"
    if op.get_bind().dialect.name == "sqlite":
        changes = " OR ".join([*(f"NEW.{name} IS NOT OLD.{name}" for name in FIXED), moves])
        op.execute("DROP TRIGGER answer_set_fixed")
        op.execute(
            f"CREATE TRIGGER answer_set_fixed BEFORE UPDATE ON answer_set WHEN (OLD.sent_at IS NOT NULL AND ({changes})) "
            f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
        )
        return
    changes = " OR ".join([*(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in FIXED), moves])
    op.execute("DROP TRIGGER answer_set_fixed ON answer_set")
    op.execute(
        f"CREATE TRIGGER answer_set_fixed BEFORE UPDATE ON answer_set FOR EACH ROW WHEN (OLD.sent_at IS NOT NULL AND ({changes})) "
        "EXECUTE FUNCTION answer_set_fixed()"
    )
