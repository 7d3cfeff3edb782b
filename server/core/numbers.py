"""Telephone numbers as people write them, and as providers want them (ITU-T E.164); pure."""

from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_possible_number, parse


def e164(text: str, region: str) -> str | None:
    """Return `+447700900001` for `07700 900001` in region GB; None for what can be no number."""
    try:
        number = parse(text, region)
    except NumberParseException:
        return None
    return format_number(number, PhoneNumberFormat.E164) if is_possible_number(number) else None
