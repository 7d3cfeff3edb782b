"""What the parts of the server are called, and what somebody outside says when it does not work. Pure."""

from server.core.marking import _
from server.oversight.board import Light, Thing
from server.ports import Unfit

THINGS = {
    Thing.DATABASE: _("Database"),
    Thing.WORK: _("Work that waits"),
    Thing.BUS: _("Messages inside the server"),
    Thing.MEDIA: _("Media engines"),
    Thing.RELAY: _("Ways through networks (STUN and TURN)"),
    Thing.MAIL: _("E-mail"),
    Thing.SMS: _("Text messages"),
    Thing.PAYMENTS: _("Payments"),
    Thing.SCANNER: _("Virus scanner"),
    Thing.DISK: _("Disk"),
    Thing.BACKUP: _("Backup"),
    Thing.ANCHORS: _("Anchors kept elsewhere"),
    Thing.KEYS: _("Keys"),
    Thing.CERTIFICATE: _("Certificate"),
    Thing.CLOCK: _("Clock"),
}
TESTS = {
    Thing.DATABASE: _("Write to it and read it again"),
    Thing.WORK: _("Give the server something to do"),
    Thing.BUS: _("Send a message and hear it"),
    Thing.MEDIA: _("Check each as a browser does"),
    Thing.RELAY: _("Send something over each"),
    Thing.MAIL: _("Sign in there, and write to me"),
    Thing.SMS: _("Ask the provider who we are"),
    Thing.PAYMENTS: _("Ask the provider who we are"),
    Thing.SCANNER: _("Ask whether it is there"),
    Thing.DISK: _("Write a file and read it again"),
    Thing.BACKUP: _("Look again"),
    Thing.ANCHORS: _("Take there what is missing, and look again"),
    Thing.KEYS: _("Close and open something with them"),
    Thing.CERTIFICATE: _("Connect as a browser does"),
    Thing.CLOCK: _("Ask the machine and the database"),
}
LIGHTS = {
    Light.GOOD: _("Works"),
    Light.WARN: _("Look at this"),
    Light.BAD: _("Does not work"),
    Light.OFF: _("Not set up"),
    Light.UNKNOWN: _("Not tested yet"),
}
UNFIT = {
    Unfit.UNREACHABLE: _("It cannot be reached: is its address right, and its port open on the way there?"),
    Unfit.SLOW: _("It did not answer in time."),
    Unfit.REFUSED: _("It is there, and refuses our name or password."),
    Unfit.INSECURE: _("The connection to it is not secure: its certificate is not one that is trusted here."),
    Unfit.STRANGE: _("It answered something else than was expected."),
}
