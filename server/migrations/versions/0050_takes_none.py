"""Professionals who take no new bookings, and whether the practice said so."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("professional", sa.Column("takes_none_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("professional", sa.Column("takes_none_by_practice", sa.Boolean(), nullable=False, server_default=sa.false()))
