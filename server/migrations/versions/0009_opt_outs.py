"""Numbers that want no text messages."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "opt_out",
        sa.Column("number_mac", sa.LargeBinary(32), nullable=False),
        sa.Column("stopped_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("number_mac", name=op.f("pk_opt_out")),
    )
