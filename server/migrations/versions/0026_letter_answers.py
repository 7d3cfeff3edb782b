"""Several answers to a letter, and what became of each."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The answers so far take the ids of their letters: an errand that is on its way goes by that id."""
    op.create_table(
        "letter_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", UtcTime(), nullable=False),
        sa.Column("fate", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name=op.f("fk_letter_answer_letter_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_answer")),
        sa.UniqueConstraint("letter_id", "number", name=op.f("uq_letter_answer_letter_id")),
    )
    op.execute(
        "INSERT INTO letter_answer (id, letter_id, number, sealed, answered_at, fate) "
        "SELECT id, id, 1, answer, answered_at, NULL FROM letter WHERE answer IS NOT NULL"
    )
    op.execute("ALTER TABLE letter DROP COLUMN answer")  # in place: SQLite would delete what refers to a table that is written anew
