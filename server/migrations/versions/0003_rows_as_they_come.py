"""On SQLite the rows of all notes stand in the order in which they came, and are found by an index.

Clustered by note, each row of a group commit was put into a page of its own, and the whole page was written to the log: twice the
processor time per letter.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TRIGGERS = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'note_update'"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    triggers = op.get_bind().scalars(sa.text(TRIGGERS)).all()
    op.rename_table("note_update", "note_update_by_note")
    op.create_table(
        "note_update",
        sa.Column("note_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], name=op.f("fk_note_update_note_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["session_id"], ["note_session.id"], name=op.f("fk_note_update_session_id")),
        sa.PrimaryKeyConstraint("note_id", "seq", name=op.f("pk_note_update")),
    )
    op.execute("INSERT INTO note_update SELECT note_id, seq, session_id, ts_ms, payload, hash FROM note_update_by_note")
    op.drop_table("note_update_by_note")
    for trigger in triggers:
        op.execute(trigger)
