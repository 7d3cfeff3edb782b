"""What somebody agrees to who wants news of a practice, by channel."""

from server.consultation.events import Channel
from server.core.marking import _
from server.patients.wording import Wording

_MORE = _(
    "News are about the practice and what it offers, never about your health. They have nothing to do with your care: messages about your "
    "appointments come in any case. You can stop them at any time, here or by the link in each of them."
)

NEWS = {
    Channel.EMAIL: Wording("news_email", "1", _("I would like news of this practice by e-mail."), _MORE),
    Channel.SMS: Wording("news_sms", "1", _("I would like news of this practice by text message."), _MORE),
}
