"""By which right somebody said no for a patient; and what was refused is changed by nobody any more."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

SAID = ("id", "participant_id", "wordings", "wordings_sha256", "language", "refused_at", "representation_id")
FIXED = "what was refused is never changed"


def upgrade() -> None:
    """SQLite adds a foreign key only together with its column."""
    moment = f"BEFORE UPDATE OF {', '.join(SAID)} ON refusal"
    if op.get_bind().dialect.name == "sqlite":
        foreign = "CONSTRAINT fk_refusal_representation_id REFERENCES representation (id)"
        op.execute(f"ALTER TABLE refusal ADD COLUMN representation_id CHAR(32) {foreign}")
        op.execute(f"CREATE TRIGGER refusal_fixed {moment} BEGIN SELECT RAISE(ABORT, '{FIXED}'); END")
        return
    op.add_column("refusal", sa.Column("representation_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_refusal_representation_id"), "refusal", "representation", ["representation_id"], ["id"])
    body = f"BEGIN RAISE EXCEPTION '{FIXED}' USING ERRCODE = 'CC001'; END"
    op.execute(f"CREATE FUNCTION refusal_fixed() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    op.execute(f"CREATE TRIGGER refusal_fixed {moment} FOR EACH ROW EXECUTE FUNCTION refusal_fixed()")
