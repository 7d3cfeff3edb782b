"""Where a sign-in leads to; pure."""

AFTER_SIGN_IN = "/"  # which leads everybody to where their work begins


def safe_next(target: str, otherwise: str = AFTER_SIGN_IN) -> str:
    """Return a path of this site, or the default: an open redirect is a phisher's tool."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and all(" " < char < "\x7f" for char in target)
    return target if plain and "\\" not in target else otherwise
