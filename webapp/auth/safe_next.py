"""Which addresses a page may lead on to: plain paths of this site, nothing that leads elsewhere."""

from __future__ import annotations

from urllib.parse import urlsplit

LONGEST = 2000


def is_local_path(address: str) -> bool:
    """A plain path of this site: one leading slash, no host, no scheme, nothing that a browser
    would mend into one (backslashes, control characters, spaces)."""
    if not address.startswith("/") or address.startswith("//") or len(address) > LONGEST:
        return False
    if any(character <= " " or character in "\\\x7f" for character in address):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc
