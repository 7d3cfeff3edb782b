"""What rules of retention are called, for whoever decides on them."""

from server.core.marking import _

PRESET_WORDS = {
    "private": _("Private practice in the United Kingdom"),
    "nhs": _("Like the NHS: adults' records eight years"),
    "mental": _("Mental health: records twenty years"),
    "own": _("Our own values"),
}
FIELD_WORDS = {
    "contract_years": _("Record: years after the last appointment"),
    "contact_years": _("Record: years after the last contact, whatever it was"),
    "child_age": _("Records of children: until this birthday"),
    "late_child_age": _("… until this birthday, if they were 17 at the last appointment"),
    "tax_years": _("Names on receipts and invoices: years after the end of the tax year"),
    "account_months": _("Accounts that nobody uses: months"),
    "message_months": _("That messages were sent: months"),
    "login_months": _("Where people were signed in: months"),
    "letter_years": _("Letters by the public form: years after they are settled"),
}
FIELD_HINTS = {
    "contract_years": _(
        "Notes, answers, documents, recordings, consultations and what was said in them. The longest of all that fits counts."
    ),
    "contact_years": _("It alone counts for somebody who was never treated."),
    "child_age": _("For who was younger than 18 at the first contact."),
    "late_child_age": _("The longer one counts."),
    "tax_years": _("The sums stay in the books. The tax year ends on 5 April."),
    "account_months": _("Who has one is told by e-mail 30 days before. Who works here keeps theirs."),
    "message_months": _("Texts and addresses are never kept."),
    "login_months": _("The last one stays as long as the account."),
    "letter_years": _("Complaints stay as long as records."),
}
CLASS_WORDS = {
    "records": _("Records"),
    "accounts": _("Accounts"),
    "told": _("People told about their account"),
    "money": _("Names on receipts, invoices and payments"),
    "messages": _("Rows about messages"),
    "letters": _("Letters and complaints"),
    "logins": _("Logins"),
}
