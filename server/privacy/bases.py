"""The lawful bases that a controller can name: Article 6 and Article 9 UK GDPR, as data; pure."""

from collections.abc import Iterable, Mapping

from server.core.marking import _

ARTICLE_6: Mapping[str, str] = {
    "6_1_a": _("Consent, Article 6(1)(a)"),
    "6_1_b": _("A contract with you, Article 6(1)(b)"),
    "6_1_c": _("A legal obligation, Article 6(1)(c)"),
    "6_1_d": _("Vital interests, Article 6(1)(d)"),
    "6_1_e": _("A task in the public interest, Article 6(1)(e)"),
    "6_1_ea": _("A recognised legitimate interest, Article 6(1)(ea)"),
    "6_1_f": _("Legitimate interests, Article 6(1)(f)"),
}
ARTICLE_9: Mapping[str, str] = {
    "9_2_a": _("Explicit consent, Article 9(2)(a)"),
    "9_2_c": _("Vital interests of somebody who cannot consent, Article 9(2)(c)"),
    "9_2_f": _("Legal claims, Article 9(2)(f)"),
    "9_2_h": _("Health or social care, Article 9(2)(h), and Schedule 1 paragraph 2 of the Data Protection Act 2018"),
    "9_2_i": _("Public health, Article 9(2)(i)"),
}
BASES: Mapping[str, str] = {**ARTICLE_6, **ARTICLE_9}


def packed(codes: Iterable[str]) -> str:
    """Return the known ones among these codes as they are stored, in the order of the law."""
    chosen = set(codes)
    return ",".join(code for code in BASES if code in chosen)


def unpacked(stored: str) -> list[str]:
    return [code for code in stored.split(",") if code in BASES]


def fault_of(codes: Iterable[str]) -> str:
    """Return which article nothing was chosen of, `bases_6` or `bases_9`, or "": who treats people needs one of each."""
    chosen = set(codes)
    if not chosen & ARTICLE_6.keys():
        return "bases_6"
    return "" if chosen & ARTICLE_9.keys() else "bases_9"
