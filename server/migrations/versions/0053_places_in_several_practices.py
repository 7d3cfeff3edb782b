"""Somebody may work in several practices: one row of a professional for each, one diary for all, and where each browser is at work.

The key of SQLite's table can only be exchanged with the table, which `server/core/migrate.py` allows by resting its foreign keys.
"""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("professional", sa.Column("diary_id", sa.Uuid(), nullable=True))
    op.execute("UPDATE professional SET diary_id = id")
    with op.batch_alter_table("professional") as table:
        table.alter_column("diary_id", existing_type=sa.Uuid(), nullable=False)
        table.drop_constraint("uq_professional_person_id", type_="unique")
        table.create_unique_constraint("uq_professional_person_id", ["person_id", "practice_id"])
    op.create_index(op.f("ix_professional_diary_id"), "professional", ["diary_id"])
    _logins()


def _logins() -> None:
    """SQLite adds a foreign key only together with its column."""
    if op.get_bind().dialect.name == "sqlite":
        foreign = "CONSTRAINT fk_login_session_practice_id REFERENCES practice (id)"
        op.execute(f"ALTER TABLE login_session ADD COLUMN practice_id CHAR(32) {foreign}")
    else:
        op.add_column("login_session", sa.Column("practice_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f("fk_login_session_practice_id"), "login_session", "practice", ["practice_id"], ["id"])
