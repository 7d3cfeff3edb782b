"""Of which patient's record somebody who acts for them has a copy made."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """SQLite adds a foreign key only together with its column."""
    if op.get_bind().dialect.name == "sqlite":
        foreign = "CONSTRAINT fk_data_copy_patient_id REFERENCES patient (id)"
        op.execute(f"ALTER TABLE data_copy ADD COLUMN patient_id CHAR(32) {foreign}")
    else:
        op.add_column("data_copy", sa.Column("patient_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f("fk_data_copy_patient_id"), "data_copy", "patient", ["patient_id"], ["id"])
    op.create_index(op.f("ix_data_copy_patient_id"), "data_copy", ["patient_id"])
