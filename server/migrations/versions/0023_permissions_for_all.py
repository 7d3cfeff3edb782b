"""A permission may be for all patients of its author: it names none then."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("access_grant") as table:
        table.alter_column("patient_id", existing_type=sa.Uuid(), nullable=True)
