"""Signing in and out, inside the caller's transaction."""

import unicodedata
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update

from server.core.db import Tx
from server.core.ids import new_id, new_token, token_hash
from server.errors import NotFound
from server.identity.model import Credential, LoginSession, Person
from server.identity.second_model import HalfLogin
from server.settings import Settings


def normalise(username: str) -> str:
    """Return the form in which usernames are compared and stored: NFKC, no case, no outer space."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


async def find_credential(tx: Tx, username: str) -> Credential | None:
    return await tx.scalar(select(Credential).where(Credential.username == normalise(username)))


def add_person(tx: Tx, name: str) -> Person:
    person = Person(id=new_id(), name=name)
    tx.add(person)
    return person


def set_password(tx: Tx, person_id: UUID, username: str, password_hash: str, now: datetime) -> None:
    tx.add(Credential(person_id=person_id, username=normalise(username), password_hash=password_hash, changed_at=now))


def begin_login(tx: Tx, person_id: UUID, device: str, now: datetime, *, shared: bool = True) -> str:
    """Add a login session and return its token, which is nowhere stored. On a computer that is not `shared` unsent text may be kept."""
    token = new_token()
    tx.add(
        LoginSession(
            id=new_id(),
            person_id=person_id,
            token_hash=token_hash(token),
            device=device[:100],
            shared=shared,
            created_at=now,
            seen_at=now,
            ended_at=None,
            limited=False,
            proved_at=now,
        )
    )
    return token


async def find_login(tx: Tx, token: str) -> LoginSession | None:
    return await tx.scalar(select(LoginSession).where(LoginSession.token_hash == token_hash(token)))


async def last_at_work(tx: Tx, person_id: UUID) -> UUID | None:
    """Return in which practice this person was at work last, in any browser; None where there was never a choice."""
    chosen = (LoginSession.person_id == person_id) & LoginSession.practice_id.is_not(None)
    return await tx.scalar(select(LoginSession.practice_id).where(chosen).order_by(LoginSession.seen_at.desc()).limit(1))


async def note_use(tx: Tx, session_ids: Collection[UUID], settings: Settings, now: datetime) -> None:
    """Count this moment as a use of these logins, in about every minute; one that has ended meanwhile stays ended."""
    for session in await tx.scalars(select(LoginSession).where(LoginSession.id.in_(session_ids))):
        if session.alive(now, settings) and session.stale(now):
            session.seen_at = now


async def end_login(tx: Tx, person_id: UUID, session_id: UUID, now: datetime) -> None:
    """End one session of this person; raises `NotFound` for any other."""
    session = await tx.get(LoginSession, session_id)
    if session is None or session.person_id != person_id:
        raise NotFound
    session.ended_at = session.ended_at or now
    tx.hint(f"person:{person_id}")


async def end_all_logins(tx: Tx, person_id: UUID, now: datetime) -> None:
    """End every login of this person, and what was half of one."""
    await tx.execute(delete(HalfLogin).where(HalfLogin.person_id == person_id))
    open_sessions = (LoginSession.person_id == person_id) & LoginSession.ended_at.is_(None)
    await tx.execute(update(LoginSession).where(open_sessions).values(ended_at=now))
    tx.hint(f"person:{person_id}")


async def open_logins(tx: Tx, person_id: UUID) -> list[LoginSession]:
    """Return the sessions that have not been ended, newest first."""
    query = select(LoginSession).where(LoginSession.person_id == person_id, LoginSession.ended_at.is_(None))
    return list(await tx.scalars(query.order_by(LoginSession.seen_at.desc())))
