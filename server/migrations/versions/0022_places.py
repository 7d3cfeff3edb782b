"""Places in a practice and its teams: invitations, leads, the review of professionals, and how a place or a team ends.

Who gives consultations already is approved. The administrator who has been there longest becomes the owner.
"""

import sqlalchemy as sa
from alembic import op

from server.core.clock import SystemClock
from server.core.db import UtcTime
from server.core.ids import new_id

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("professional", sa.Column("body", sa.String(length=20), nullable=False, server_default=""))
    op.add_column("professional", sa.Column("registration", sa.String(length=60), nullable=False, server_default=""))
    op.add_column("professional", sa.Column("review", sa.String(length=20), nullable=False, server_default="pending"))
    op.add_column("professional", sa.Column("review_words", sa.String(length=500), nullable=False, server_default=""))
    op.add_column("professional", sa.Column("ended_at", UtcTime(), nullable=True))
    op.execute("UPDATE professional SET review = 'approved'")
    op.execute(
        "UPDATE staff SET role = 'owner' WHERE role = 'administrator' AND ended_at IS NULL AND NOT EXISTS ("
        "SELECT 1 FROM staff AS other WHERE other.practice_id = staff.practice_id AND other.role = 'administrator' "
        "AND other.ended_at IS NULL AND (other.began_at < staff.began_at OR (other.began_at = staff.began_at AND other.id < staff.id)))"
    )
    _own_alone()
    _invitations()
    _teams()


def _own_alone() -> None:
    """A professional on their own, without an administrator, owns their practice: else nobody could review them when they change."""
    staff = sa.table(
        "staff", *(sa.column(name, sa.Uuid()) for name in ("id", "practice_id", "person_id")), sa.column("role", sa.String()),
        sa.column("began_at", UtcTime()), sa.column("ended_at", UtcTime()),
    )  # fmt: skip
    professional = sa.table("professional", sa.column("practice_id", sa.Uuid()), sa.column("person_id", sa.Uuid()))
    led = sa.select(staff.c.practice_id).where(staff.c.role.in_(("owner", "administrator")), staff.c.ended_at.is_(None))
    alone = sa.select(professional.c.practice_id).group_by(professional.c.practice_id).having(sa.func.count() == 1)
    found = sa.select(professional).where(professional.c.practice_id.in_(alone), professional.c.practice_id.not_in(led))
    for practice_id, person_id in op.get_bind().execute(found).all():
        place = {"id": new_id(), "practice_id": practice_id, "person_id": person_id, "role": "owner", "began_at": SystemClock().now()}
        op.get_bind().execute(staff.insert(), {**place, "ended_at": None})


def _teams() -> None:
    op.add_column("team", sa.Column("ended_at", UtcTime(), nullable=True))
    op.add_column("membership", sa.Column("lead", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "team_invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("invited_at", UtcTime(), nullable=False),
        sa.Column("settled_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_team_invitation_team_id")),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_team_invitation_professional_id")),
        sa.ForeignKeyConstraint(["invited_by"], ["person.id"], name=op.f("fk_team_invitation_invited_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_invitation")),
    )
    for column in ("team_id", "professional_id"):
        op.create_index(op.f(f"ix_team_invitation_{column}"), "team_invitation", [column], unique=False)


def _invitations() -> None:
    op.create_table(
        "place_invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("times_sent", sa.Integer(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("invited_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("taken_at", UtcTime(), nullable=True),
        sa.Column("taken_by", sa.Uuid(), nullable=True),
        sa.Column("revoked_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_place_invitation_practice_id")),
        sa.ForeignKeyConstraint(["invited_by"], ["person.id"], name=op.f("fk_place_invitation_invited_by")),
        sa.ForeignKeyConstraint(["taken_by"], ["person.id"], name=op.f("fk_place_invitation_taken_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_place_invitation_token_hash")),
    )
    op.create_index(op.f("ix_place_invitation_practice_id"), "place_invitation", ["practice_id"], unique=False)
