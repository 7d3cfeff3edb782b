"""Who gave a consent and took it back for a patient; and what was agreed to is changed by nobody any more."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

SAID = {
    "sharing_consent": ("id", "wording_version", "wording_sha256", "language", "given_at", "representation_id"),
    "consent": ("id", "participant_id", "purpose", "wording_version", "wording_sha256", "language", "given_at", "representation_id"),
    "news_consent": ("id", "channel", "wording_version", "wording_sha256", "language", "given_at", "given_via"),
}
ENDS = {
    "sharing_consent": ("withdrawn_at", "withdrawn_representation_id"),
    "consent": ("withdrawn_at", "withdrawn_representation_id"),
    "news_consent": ("withdrawn_at", "withdrawn_via"),
}
FIXED = "what was agreed to is never changed"
ONCE = "what was taken back stays so"


def upgrade() -> None:
    """A record that is merged takes its rows along, and an erasure deletes them: whose they are may change, and they may go."""
    _refer("sharing_consent", "representation_id")
    for table in ("sharing_consent", "consent"):
        op.add_column(table, sa.Column("withdrawn_representation_id", sa.Uuid(), nullable=True))
    for table, columns in SAID.items():
        _guard(f"{table}_fixed", f"BEFORE UPDATE OF {', '.join(columns)} ON {table}", "", FIXED)
    for table, columns in ENDS.items():
        _guard(f"{table}_ended", f"BEFORE UPDATE OF {', '.join(columns)} ON {table}", "WHEN (OLD.withdrawn_at IS NOT NULL)", ONCE)


def _refer(table: str, column: str) -> None:
    """SQLite adds a foreign key only together with its column."""
    name = f"fk_{table}_{column}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} CHAR(32) CONSTRAINT {name} REFERENCES representation (id)")
    else:
        op.add_column(table, sa.Column(column, sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f(name), table, "representation", [column], ["id"])


def _guard(name: str, moment: str, when: str, sentence: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {name} {moment} {when} BEGIN SELECT RAISE(ABORT, '{sentence}'); END")
        return
    body = f"BEGIN RAISE EXCEPTION '{sentence}' USING ERRCODE = 'CC001'; END"
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    op.execute(f"CREATE TRIGGER {name} {moment} FOR EACH ROW {when} EXECUTE FUNCTION {name}()")
