"""What can be booked and when, and the promise of a time: rows and rules, without a database."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base
from server.core.marking import _
from server.core.money import share_of
from server.errors import Conflict

HOLD_FOR = timedelta(minutes=15)  # to give one's details


class Needs(StrEnum):
    """Who must be free: the one professional of the service, or of its team all, any one, or the lead and any one beside."""

    ONE = "one"
    ALL = "all"
    ANY = "any"
    LEAD_AND_ANY = "lead_and_any"


class Pays(StrEnum):
    """How a service is paid for: at the practice, by an invoice that follows, or online before it is promised."""

    PRACTICE = "practice"
    INVOICE = "invoice"
    ONLINE = "online"


class ServiceState(StrEnum):
    DRAFT = "draft"
    OFFERED = "offered"
    WITHDRAWN = "withdrawn"


class Service(Base):
    """FHIR HealthcareService, of one professional or one team.

    `grid_min` says on which minutes of the local clock it may begin. What it promises (price, how it is paid, buffers, until when it may be
    cancelled or moved, what is kept then) is copied into each appointment: a later change of the service changes no promise.
    `late_fee_percent` of the price is kept from whoever cancels after `cancel_until`; without it they cannot cancel then.
    `no_show_fee_percent` is kept from whoever does not come. `questionnaire_id` is what patients are asked before the consultation.
    """

    __tablename__ = "service"
    __table_args__ = (CheckConstraint("(professional_id IS NULL) != (team_id IS NULL)", name="one_owner"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    professional_id: Mapped[UUID | None] = mapped_column(ForeignKey("professional.id"), index=True)
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    about: Mapped[str] = mapped_column(String(1000))
    length_min: Mapped[int]
    buffer_before_min: Mapped[int]
    buffer_after_min: Mapped[int]
    price_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    pays: Mapped[Pays] = mapped_column(String(20))
    late_fee_percent: Mapped[int | None]
    no_show_fee_percent: Mapped[int]
    needs: Mapped[Needs] = mapped_column(String(20))
    lead_id: Mapped[UUID | None] = mapped_column(ForeignKey("professional.id"))
    grid_min: Mapped[int]
    notice_min: Mapped[int]
    horizon_days: Mapped[int]
    cancel_until_min: Mapped[int]
    move_until_min: Mapped[int]
    questionnaire_id: Mapped[UUID | None] = mapped_column(ForeignKey("questionnaire.id"), index=True)
    state: Mapped[ServiceState] = mapped_column(String(20))
    version: Mapped[int]
    created_at: Mapped[datetime]


class WeeklyHours(Base):
    """One stretch of a weekday (0 is Monday) in minutes of the local day; 1440 is the midnight at its end. Both dates are inclusive."""

    __tablename__ = "weekly_hours"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id"), index=True)
    weekday: Mapped[int]
    begins_min: Mapped[int]
    ends_min: Mapped[int]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    time_zone: Mapped[str] = mapped_column(String(64))


class DayKind(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class DayException(Base):
    """One day that differs from the week: hours that are added, hours that fall away, or the whole day closed (no minutes)."""

    __tablename__ = "day_exception"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id"), index=True)
    day: Mapped[date] = mapped_column(index=True)
    kind: Mapped[DayKind] = mapped_column(String(20))
    begins_min: Mapped[int | None]
    ends_min: Mapped[int | None]
    time_zone: Mapped[str] = mapped_column(String(64))


class Closure(Base):
    """A day on which the whole practice is closed, by the practice's clock; hours that a professional adds on such a day count."""

    __tablename__ = "closure"
    __table_args__ = (UniqueConstraint("practice_id", "day"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    day: Mapped[date]
    name: Mapped[str] = mapped_column(String(120))


class AppointmentState(StrEnum):
    HELD = "held"
    CONFIRMED = "confirmed"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    EXPIRED = "expired"


class Party(StrEnum):
    """Who changes an appointment; the rules of the service bind the patient."""

    PATIENT = "patient"
    PRACTICE = "practice"


HOLD_OVER = _("We could not keep this time for you any longer. Please choose a time again.")
CONFIRMED_ALREADY = _("This appointment is confirmed already.")
NOT_STANDING = _("This appointment does not stand any more.")
LATE_TO_CANCEL = _("It is too late to cancel this appointment here. Please call the practice.")
PAID_ALREADY = _("It was paid online, to the account of whoever leaves. Please cancel it: the money goes back.")
LATE_TO_MOVE = _("It is too late to move this appointment here. Please call the practice.")


class Appointment(Base):
    """FHIR Appointment. Without a service it is what a professional planned themself. `begins_at` to `ends_at` is what was promised.

    Name and addresses stand here only until the patient's record takes them over. `hold_until` is set exactly while it is held.
    `version` counts every change, so that a stale page is told; `sequence` counts those that a calendar must hear of (RFC 5545).
    """

    __tablename__ = "appointment"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    service_id: Mapped[UUID | None] = mapped_column(ForeignKey("service.id"), index=True)
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"), index=True)
    state: Mapped[AppointmentState] = mapped_column(String(20))
    begins_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    buffer_before_min: Mapped[int]
    buffer_after_min: Mapped[int]
    cancel_until_min: Mapped[int]
    move_until_min: Mapped[int]
    time_zone: Mapped[str] = mapped_column(String(64))
    hold_until: Mapped[datetime | None] = mapped_column(index=True)
    sequence: Mapped[int]
    version: Mapped[int]
    name: Mapped[str | None] = mapped_column(String(200))
    mobile: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(254))
    booked_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    price_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    pays: Mapped[Pays] = mapped_column(String(20))
    late_fee_percent: Mapped[int | None]
    no_show_fee_percent: Mapped[int]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[Party | None] = mapped_column(String(20))

    @property
    def cancel_until(self) -> datetime:
        """The last moment at which the patient may cancel without a fee."""
        return self.begins_at - timedelta(minutes=self.cancel_until_min)

    @property
    def late_cancel_until(self) -> datetime:
        """The last moment at which the patient may cancel at all: where a fee is kept from who is late, until it begins."""
        return self.cancel_until if self.late_fee_percent is None else self.begins_at

    @property
    def late_fee_minor(self) -> int:
        """What is kept of the price from a patient who cancels late."""
        return share_of(self.price_minor, self.late_fee_percent or 0)

    @property
    def no_show_fee_minor(self) -> int:
        """What is kept of the price from a patient who does not come."""
        return share_of(self.price_minor, self.no_show_fee_percent)

    @property
    def move_until(self) -> datetime:
        """The last moment at which the patient may move it."""
        return self.begins_at - timedelta(minutes=self.move_until_min)

    @property
    def taken_from(self) -> datetime:
        """When it begins to keep others out, buffer included."""
        return self.begins_at - timedelta(minutes=self.buffer_before_min)

    @property
    def taken_until(self) -> datetime:
        return self.ends_at + timedelta(minutes=self.buffer_after_min)

    @property
    def standing(self) -> bool:
        """Whether it keeps its time for somebody."""
        return self.state in {AppointmentState.HELD, AppointmentState.CONFIRMED}

    def held_at(self, now: datetime) -> bool:
        return self.state == AppointmentState.HELD and self.hold_until is not None and now < self.hold_until

    def describe(self, name: str, mobile: str | None, email: str | None, now: datetime) -> None:
        """Keep what whoever holds the time says about themself; raises `Conflict` once the hold is over."""
        self.refuse_unless_held(now)
        self.name, self.mobile, self.email = name, mobile, email

    def confirm(self, patient_id: UUID, now: datetime) -> None:
        """Make the promise to a patient's record, which has the name and addresses from now on."""
        self.refuse_unless_held(now)
        self.state, self.patient_id, self.confirmed_at = AppointmentState.CONFIRMED, patient_id, now
        self._forget()

    def keep_held(self, until: datetime) -> None:
        """Hold it for longer, or once more after its hold was given up; who takes its grains has the diaries locked."""
        if self.state == AppointmentState.EXPIRED:
            self.state = AppointmentState.HELD
            self.version += 1
        if self.state != AppointmentState.HELD:
            raise Conflict(NOT_STANDING, code="not_standing")
        self.hold_until = until if self.hold_until is None else max(until, self.hold_until)

    def expire(self, now: datetime) -> bool:
        """Give up a hold whose time is over; tells whether it did."""
        if self.state != AppointmentState.HELD or self.held_at(now):
            return False
        self.state = AppointmentState.EXPIRED
        self._forget()
        return True

    def cancel(self, by: Party, now: datetime) -> None:
        """Give the time back; a patient who has only held it may always do so."""
        self._refuse_unless_standing()
        if by == Party.PATIENT and self.state == AppointmentState.CONFIRMED and now > self.late_cancel_until:
            raise Conflict(LATE_TO_CANCEL, code="too_late")
        self.state, self.cancelled_at, self.cancelled_by = AppointmentState.CANCELLED, now, by
        self.sequence += 1
        self._forget()

    def settle(self, state: AppointmentState, now: datetime) -> None:
        """Say at its end what became of it: fulfilled, not attended, or called off by the practice, also where it only excuses somebody."""
        if self.state != AppointmentState.CONFIRMED:
            raise Conflict(NOT_STANDING, code="not_standing")
        self.state = state
        self.version += 1
        if state == AppointmentState.CANCELLED:
            self.cancelled_at, self.cancelled_by = now, Party.PRACTICE
            self.sequence += 1

    def refuse_to_move(self, version: int, by: Party, now: datetime) -> None:
        """Raise `Conflict` unless it may be moved; `version` is that of the page on which another time was chosen."""
        if self.state != AppointmentState.CONFIRMED:
            raise Conflict(NOT_STANDING, code="not_standing")
        if version != self.version:
            raise Conflict(code="stale")
        if by == Party.PATIENT and now > self.move_until:
            raise Conflict(LATE_TO_MOVE, code="too_late")

    def move(self, begins_at: datetime) -> None:
        """Promise another time for the same length."""
        self.begins_at, self.ends_at = begins_at, begins_at + (self.ends_at - self.begins_at)
        self.sequence += 1
        self.version += 1

    def refuse_to_pass_on(self, version: int, now: datetime, *, stays_paid: bool) -> None:
        """Raise `Conflict` unless a colleague may give it: what was paid online to the account of whoever leaves does not go with it.

        `stays_paid`: it went to somebody's account who stays, or it has gone back.
        """
        self.refuse_to_move(version, Party.PRACTICE, now)
        if self.begins_at <= now:
            raise Conflict(NOT_STANDING, code="not_standing")
        if self.paid_online and not stays_paid:
            raise Conflict(PAID_ALREADY, code="paid")

    @property
    def paid_online(self) -> bool:
        return self.pays == Pays.ONLINE and self.price_minor > 0

    def pass_on(self) -> None:
        """Have somebody else give it, which everybody who has it in a calendar learns."""
        self.sequence += 1
        self.version += 1

    def refuse_unless_held(self, now: datetime) -> None:
        """Raise `Conflict`: `confirmed`, or `hold_over` for a hold that ended by its time or otherwise."""
        if self.state == AppointmentState.CONFIRMED:
            raise Conflict(CONFIRMED_ALREADY, code="confirmed")
        if not self.held_at(now):
            raise Conflict(HOLD_OVER, code="hold_over")

    def _refuse_unless_standing(self) -> None:
        if not self.standing:
            raise Conflict(NOT_STANDING, code="not_standing")

    def _forget(self) -> None:
        self.hold_until = self.name = self.mobile = self.email = None
        self.version += 1


class AppointmentMember(Base):
    """A professional who gives the appointment; they stay the same when it is moved."""

    __tablename__ = "appointment_member"

    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id", ondelete="CASCADE"), primary_key=True)
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id"), primary_key=True, index=True)
    lead: Mapped[bool]


class Grain(Base):
    """Five minutes of a diary, which one person has in all practices, that belong to one appointment. The key is the guard."""

    __tablename__ = "grain"
    __table_args__ = ({"sqlite_with_rowid": False},)

    diary_id: Mapped[UUID] = mapped_column("professional_id", ForeignKey("professional.id"), primary_key=True)
    g: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id", ondelete="CASCADE"), index=True)
