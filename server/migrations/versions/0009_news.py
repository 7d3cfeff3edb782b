"""What a message says: an invitation, or that an appointment was moved or cancelled."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("news", sa.String(length=20), nullable=True))
