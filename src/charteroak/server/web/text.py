"""Words of the pages, through gettext from the first page on.

Source strings are English and stand where they are used: `_()` and `{% trans %}` in
templates, `_` in handlers. The catalogue is drawn from them with

    pybabel extract -F babel.cfg -k later -o locale/charteroak.pot src

and a translation is `locale/<language>/LC_MESSAGES/charteroak.po`. One process speaks
one language: an agency has one.
"""

from datetime import datetime, timedelta, tzinfo
from gettext import NullTranslations
from typing import Protocol

from babel.dates import format_datetime
from markupsafe import Markup

from charteroak.core.time import whole_years

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


class Words(Protocol):
    """A catalogue of translations, as `gettext` in the standard library has it."""

    def gettext(self, message: str) -> str:
        """The translation of a message, or the message."""
        ...

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The translation for a number of things."""
        ...


ENGLISH: Words = NullTranslations()
"""The source strings themselves."""


def later(message: str) -> str:
    """Mark a text for the catalogue that is translated where it is shown.

    The catalogue's extraction knows this name (`babel.cfg`).
    """
    return message


def local_time(moment: datetime, zone: tzinfo, *, seconds: bool = True) -> Markup:
    """A moment as the agency's clocks show it: 24-hour, with the zone.

    >>> from datetime import UTC
    >>> local_time(datetime(2026, 10, 1, 16, 5, 9, tzinfo=UTC), UTC)
    Markup('<time datetime="2026-10-01T16:05:09Z" translate="no">Oct 1, 2026 16:05:09 UTC</time>')
    """
    pattern = "MMM d, y HH:mm:ss zzz" if seconds else "MMM d, y HH:mm zzz"
    return _time(moment, pattern, zone)


def since_when(moment: datetime, now: datetime, zone: tzinfo) -> Markup:
    """A moment of the last hours by the time alone, an older one with its day.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 10, 1, 12, tzinfo=UTC)
    >>> since_when(noon, noon + timedelta(hours=3), UTC)
    Markup('<time datetime="2026-10-01T12:00:00Z" translate="no">12:00 UTC</time>')
    """
    day = "" if abs(now - moment) < timedelta(hours=12) else "MMM d, "
    return _time(moment, f"{day}HH:mm zzz", zone)


def _time(moment: datetime, pattern: str, zone: tzinfo) -> Markup:
    shown = format_datetime(moment, pattern, tzinfo=zone, locale="en_US")
    exact = moment.astimezone(zone).isoformat(timespec="seconds")
    exact = exact.replace("+00:00", "Z")
    return Markup('<time datetime="{}" translate="no">{}</time>').format(exact, shown)


def how_long(span: timedelta, words: Words) -> str:
    """A length of time in its largest fitting unit, cut and never rounded up.

    In years only where they are whole.

    >>> how_long(timedelta(minutes=119), ENGLISH), how_long(timedelta(days=21), ENGLISH)
    ('1 hour', '21 days')
    >>> how_long(timedelta(days=731), ENGLISH)
    '2 years'
    """
    seconds = abs(int(span.total_seconds()))
    years = whole_years(abs(span))
    if years:
        text, number = words.ngettext("%(n)d year", "%(n)d years", years), years
    elif seconds < _MINUTE:
        text, number = words.ngettext("%(n)d second", "%(n)d seconds", seconds), seconds
    elif seconds < _HOUR:
        number = seconds // _MINUTE
        text = words.ngettext("%(n)d minute", "%(n)d minutes", number)
    elif seconds < _DAY:
        number = seconds // _HOUR
        text = words.ngettext("%(n)d hour", "%(n)d hours", number)
    else:
        number = seconds // _DAY
        text = words.ngettext("%(n)d day", "%(n)d days", number)
    return text % {"n": number}


def exactly(span: timedelta, words: Words) -> str:
    """A term, in the largest unit that tells it whole: days, hours or minutes.

    >>> exactly(timedelta(hours=36), ENGLISH), exactly(timedelta(days=21), ENGLISH)
    ('36 hours', '21 days')
    """
    if not span % timedelta(days=1):
        return how_long(span, words)
    hours, rest = divmod(span, timedelta(hours=1))
    if not rest:
        return words.ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    minutes = span // timedelta(minutes=1)
    return words.ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def ago(moment: datetime, now: datetime, words: Words) -> str:
    """A moment as seen from now.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 10, 1, 12, tzinfo=UTC)
    >>> ago(noon - timedelta(minutes=3), noon, ENGLISH)
    '3 minutes ago'
    >>> ago(noon + timedelta(hours=2), noon, ENGLISH)
    'in 2 hours'
    """
    if abs(now - moment) < timedelta(seconds=1):
        return words.gettext("now")
    span = how_long(now - moment, words)
    if moment > now:
        return words.gettext("in %(span)s") % {"span": span}
    return words.gettext("%(span)s ago") % {"span": span}
