"""From a page to its bytes: Jinja templates, and how times, numbers and bytes are written for people.

Everything that comes from events is text to Jinja, which escapes it; ``shown`` makes characters visible that would turn
or hide what is read (controls, bidirectional overrides).
"""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from trailmere.checkup import size
from trailmere.web.ranges import PRESETS, around
from trailmere.web.visit import BASE

if TYPE_CHECKING:
    from trailmere.web.assets import Assets
    from trailmere.web.visit import Page, Visit

LONGEST = 2000  # characters of a value in a page
THEMES = ("light", "dark")


class Rendering:
    """The templates. ``visit`` in them is who looks at what; None on the pages for nobody in particular."""

    def __init__(self, assets: Assets) -> None:
        self._environment = Environment(
            loader=PackageLoader("trailmere.web"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "shown": shown,
            "number": number,
            "bytes": byte_size,
            "ago": ago,
            "amount": amount,
            "capitalize_first": lambda text: f"{text[:1].upper()}{text[1:]}",
            "json_text": json_text,
        }
        self._environment.globals |= {"asset": assets.url, "base": BASE, "presets": PRESETS, "around": around}

    def page(self, page: Page, visit: Visit | None, *, nonce: str, said: str, theme: str) -> bytes:
        """The bytes of a page."""
        zone = UTC if visit is None else visit.zone
        context = {
            "visit": visit,
            "nonce": nonce,
            "said": said,
            "theme": theme if theme in THEMES else "",
            "now": datetime.now(UTC) if visit is None else visit.request.arrived,
            "time": lambda moment: time_element(moment, zone),
            "zone_name": str(zone),
        }
        text = self._environment.get_template(page.template).render(context | dict(page.context))
        return text.encode("utf-8", "replace")  # half a surrogate pair out of a record is no reason for no page


def shown(value: object, longest: int = LONGEST) -> str:
    """A value as text that shows what is in it: controls and invisible characters by their code, long ones cut."""
    text = "" if value is None else str(value)
    cut = text if len(text) <= longest else f"{text[:longest]}…"
    return "".join(one if _is_plain(one) else f"\\u{{{ord(one):x}}}" for one in cut)


def _is_plain(character: str) -> bool:
    return character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def number(value: float | None) -> str:
    """Thousands with commas; a dash for none."""
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def amount(text: str) -> str:
    """A number that came as text, thousands with commas; anything else as it is."""
    whole, dot, fraction = text.partition(".")
    if not whole.removeprefix("-").isdigit() or (dot and not fraction.isdigit()):
        return text
    return f"{int(whole):,}{f'.{fraction[:3]}' if dot else ''}"


def byte_size(value: int | None) -> str:
    """Bytes as everywhere, ``9.21 MiB``; a dash for none."""
    return "–" if value is None else size(value)


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago a moment is, in its largest unit."""
    if moment is None:
        return "never"
    seconds = int((now - _aware(moment)).total_seconds())
    ahead, seconds = seconds < 0, abs(seconds)
    for length, unit in ((86400 * 365, "year"), (86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= length:
            count = seconds // length
            words = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"in {words}" if ahead else f"{words} ago"
    return "now"


def time_element(moment: datetime | None, zone: tzinfo) -> Markup:
    """A moment as a ``time`` element: in the page's zone, with the zone's offset; the exact UTC in its attribute."""
    if moment is None:
        return Markup('<span class="quiet">never</span>')
    exact = _aware(moment).astimezone(UTC)
    local = exact.astimezone(zone)
    fraction = f".{local.microsecond // 1000:03}" if local.microsecond else ""
    text = f"{local:%Y-%m-%d %H:%M:%S}{fraction} {'UTC' if zone is UTC else f'{local:%z}'}"
    stamp = exact.isoformat().replace("+00:00", "Z")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(stamp, stamp, text)


def json_text(value: Any) -> str:
    """JSON for people, keys in their order."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
