"""Where colleagues want to be told that they are asked into a call, and the messages that tell them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("mobile", sa.String(length=40), nullable=True))
    op.add_column("person", sa.Column("email", sa.String(length=254), nullable=True))
    with op.batch_alter_table("delivery") as batch:
        batch.alter_column("link_id", existing_type=sa.Uuid(), nullable=True)
        batch.add_column(sa.Column("participant_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key(op.f("fk_delivery_participant_id"), "participant", ["participant_id"], ["id"], ondelete="CASCADE")
