"""How the pages of a practice look to patients."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "brand",
        sa.Column("mark", sa.String(length=32), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("light", sa.String(length=7), nullable=True),
        sa.Column("dark", sa.String(length=7), nullable=True),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("words", sa.String(length=120), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_brand_practice_id")),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_brand")),
    )
    op.create_index(op.f("ix_brand_practice_id"), "brand", ["practice_id"])
    op.add_column("practice", sa.Column("brand", sa.String(length=32), nullable=True))
    op.add_column("practice", sa.Column("logo_words", sa.String(length=120), nullable=True))
    op.add_column("billing_document", sa.Column("brand", sa.String(length=32), nullable=True))
    _fix_the_brand()


def _fix_the_brand() -> None:
    """Have the trigger of 0028 look after the new column, too: on SQLite it names each one; PostgreSQL compares whole rows."""
    if op.get_bind().dialect.name == "postgresql":
        return
    columns = [row[1] for row in op.get_bind().execute(sa.text("PRAGMA table_info(billing_document)")) if row[1] != "buyer_name"]
    same = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in columns)
    op.execute("DROP TRIGGER billing_document_no_update")
    op.execute(
        "CREATE TRIGGER billing_document_no_update BEFORE UPDATE ON billing_document "
        f"WHEN NOT (NEW.buyer_name = '-' AND {same}) BEGIN SELECT RAISE(ABORT, 'a document that was issued never changes'); END"
    )
