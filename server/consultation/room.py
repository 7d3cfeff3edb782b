"""The live side of one consultation: one task owns the roster, and everybody else sends it asks."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog
from sqlalchemy.exc import OperationalError

from server.consultation import changes
from server.consultation.attendance import note_seen
from server.consultation.commands import Command
from server.consultation.live_actions import load_room, perform, read_facts
from server.consultation.resume import resume_token, resumed_peer
from server.consultation.rights import check_rights
from server.consultation.roster import Facts, Roster, absorb, restore
from server.consultation.steps import Step, act, attach, check_arrival, drop, expel, overdue
from server.consultation.subject import RoomSubject
from server.consultation.turn import ice_servers
from server.consultation.view import Snapshot, diff, view_for
from server.core.db import Tx
from server.core.house import House
from server.core.ids import new_id
from server.errors import ConsiliumError, Forbidden, NotFound, NotSignedIn
from server.web.connection import OUR_FAULT, RESTART
from server.web.endpoint import storage_error
from server.web.wire import Body
