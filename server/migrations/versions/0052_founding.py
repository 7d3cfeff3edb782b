"""An invitation of a practice's first owner is made by whoever runs the server, and so by nobody who has an account."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("place_invitation") as table:
        table.alter_column("invited_by", existing_type=sa.Uuid(), nullable=True)
