"""A copy of one's data may belong to a request that was made without an account."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("data_copy") as table:
        table.alter_column("person_id", existing_type=sa.Uuid(), nullable=True)
        table.add_column(sa.Column("request_id", sa.Uuid(), nullable=True))
        table.create_foreign_key(op.f("fk_data_copy_request_id"), "rights_request", ["request_id"], ["id"], ondelete="CASCADE")
        table.create_unique_constraint(op.f("uq_data_copy_request_id"), ["request_id"])
