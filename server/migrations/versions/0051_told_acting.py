"""Which message goes to somebody who acts for the patient."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """SQLite adds a foreign key only together with its column."""
    if op.get_bind().dialect.name == "sqlite":
        foreign = "CONSTRAINT fk_delivery_representation_id REFERENCES representation (id)"
        op.execute(f"ALTER TABLE delivery ADD COLUMN representation_id CHAR(32) {foreign}")
    else:
        op.add_column("delivery", sa.Column("representation_id", sa.Uuid(), nullable=True))
        named = op.f("fk_delivery_representation_id")
        op.create_foreign_key(named, "delivery", "representation", ["representation_id"], ["id"])
