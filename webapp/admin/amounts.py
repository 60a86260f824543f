"""By how much a number or a time changed, in words."""

from __future__ import annotations

import datetime as dt
import unicodedata
from decimal import Decimal
from typing import Any

from webapp.versioning import NumberDifference, TimeDifference

from .values import write_duration

MINUS = "\u2212"
#: Digits from which a difference is written with an exponent.
LONGEST = 24
#: Characters up to which two texts are looked at for spellings.
LONGEST_SPELLING = 20_000


def number(detail: NumberDifference) -> str:
    """Like "+1.50 (+4.6 %)"; no per cent from zero, or where they would say nothing."""
    amount = _signed(_amount(detail.difference))
    percent = _percent(detail.percent)
    return f"{amount} ({percent})" if percent else amount


def time(detail: TimeDifference) -> str:
    """Like "+3 days" between dates, "\u221200:30:00" between times."""
    length = detail.difference
    is_date = isinstance(detail.new, dt.date) and not isinstance(detail.new, dt.datetime)
    if is_date:
        return _signed(f"{length.days:+,} {'day' if abs(length.days) == 1 else 'days'}")
    written = write_duration(abs(length)).removesuffix(" 00:00:00")
    return f"{MINUS}{written}" if length < dt.timedelta(0) else f"+{written}"


def spelling(old: Any, new: Any) -> str:
    """A word on two texts that look alike, "" on others."""
    if not old and not new:
        return "from no value to an empty text" if old is None else "from an empty text to no value"
    if not (isinstance(old, str) and isinstance(new, str)):
        return ""
    if max(len(old), len(new)) > LONGEST_SPELLING:
        return ""
    alike = unicodedata.normalize("NFC", old) == unicodedata.normalize("NFC", new)
    return "looks alike, spelled with other characters" if alike else ""


def _amount(difference: Any) -> str:
    if isinstance(difference, float):
        return f"{difference:+,.12g}"
    if isinstance(difference, Decimal) and (
        difference.adjusted() > LONGEST or len(difference.as_tuple().digits) > LONGEST
    ):
        return f"{difference:+.6E}"
    if isinstance(difference, int) and abs(difference) >= 10**LONGEST:
        return f"{Decimal(difference):+.6E}"
    return f"{difference:+,f}" if isinstance(difference, Decimal) else f"{difference:+,}"


def _percent(percent: float | None) -> str:
    if percent is None or abs(percent) >= 1_000_000:
        return ""
    if abs(percent) < 0.05:
        return "under 0.1 %"
    return _signed(f"{percent:+,.{0 if abs(percent) >= 1000 else 1}f} %")


def _signed(text: str) -> str:
    return text.replace("-", MINUS, 1) if text.startswith("-") else text
