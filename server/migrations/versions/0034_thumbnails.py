"""Small pictures of photographs, sealed beside their names."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("record_file", sa.Column("thumbnail", sa.LargeBinary(), nullable=True))
