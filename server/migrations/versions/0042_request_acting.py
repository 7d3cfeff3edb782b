"""Who asked for something about a patient's data on their behalf."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """SQLite adds a foreign key only together with its column."""
    if op.get_bind().dialect.name == "sqlite":
        foreign = "CONSTRAINT fk_rights_request_representation_id REFERENCES representation (id)"
        op.execute(f"ALTER TABLE rights_request ADD COLUMN representation_id CHAR(32) {foreign}")
    else:
        op.add_column("rights_request", sa.Column("representation_id", sa.Uuid(), nullable=True))
        name = op.f("fk_rights_request_representation_id")
        op.create_foreign_key(name, "rights_request", "representation", ["representation_id"], ["id"])
