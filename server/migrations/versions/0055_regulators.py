"""To whom else people may complain about a practice: one a line, its name and its web address."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("practice", sa.Column("regulators", sa.Text(), nullable=False, server_default=""))
