"""What the directory holds about somebody: the page that they wrote about themselves, and their photograph."""

from server.access.holdings import PROFESSIONALS
from server.core.holdings import Class, Holding, Link, Part
from server.core.marking import _
from server.directory.model import Photo, Profile

PROFILES = Part(Profile, (Link("professional_id", PROFESSIONALS),))
PHOTOS = Part(Photo, (Link("professional_id", PROFESSIONALS),), hidden=frozenset({"mark"}))

HOLDINGS = (Holding("directory.profile", _("Your page in the public directory"), Class.CHOICE, "", (PROFILES, PHOTOS)),)
