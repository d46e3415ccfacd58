"""The grammar of keys in a log bucket, both ways: key -> parts, parts -> key, and the prefixes worth listing.

``[prefix/]AWSLogs/[o-id/]account/KIND/region/YYYY/MM/DD/file``. Keys that lost their folders are read from the file
name alone. What a file holds is told by its content (``formats``); the key says only whose it is, where and when.

Sources: CloudTrail user guide, "Finding your CloudTrail log files", "Digest file structure"; Config developer guide,
"Delivery channel"; VPC user guide, "Flow log files". The time in a name is when the file was delivered, UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import product, takewhile

LOG_KINDS = ("CloudTrail", "CloudTrail-Insight", "CloudTrail-NetworkActivity", "CloudTrail-Aggregated")
DIGEST_KIND = "CloudTrail-Digest"
# What else writes below AWSLogs/account/ in a shared bucket. Config does not pad months and days.
NEIGHBOUR_KINDS = (
    DIGEST_KIND,
    "Config",
    "GuardDuty",
    "WAFLogs",
    "elasticloadbalancing",
    "network-firewall",
    "redshift",
    "vpcdnsquerylogs",
    "vpcflowlogs",
)
_KINDS = frozenset((*LOG_KINDS, *NEIGHBOUR_KINDS))
_UNPADDED_KINDS = frozenset({"Config"})
_LONGEST_DAY_LIST = 62  # beyond two months, prefixes of whole months are fewer requests

_ACCOUNT = r"\d{12}"
_ORGANISATION = r"o-[a-z0-9]{4,32}"
_REGION = r"[a-z]{2,}(?:-[a-z]+)+-\d+"
_PATH = re.compile(
    rf"(?P<prefix>(?:.*/)?)AWSLogs/(?:(?P<organization>{_ORGANISATION})/)?(?P<account>{_ACCOUNT})/"
    rf"(?P<kind>[^/]+)/(?:(?P<region>{_REGION})/(?:(?P<day>\d{{4}}/\d{{1,2}}/\d{{1,2}})/)?)?(?P<file>.*)",
    re.DOTALL,
)
_NAME = re.compile(rf"(?P<account>{_ACCOUNT})_(?P<kind>[A-Za-z]+(?:-[A-Za-z]+)*)_(?P<region>{_REGION})[-_.]")
_TIME = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})?(?!\d)")
_ROOT = re.compile(
    rf"(?:.*/)?AWSLogs/(?:(?P<organization>{_ORGANISATION})/)?(?:(?P<account>{_ACCOUNT})/(?P<below>.*))?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class LogKey:
    """The parts of a key. ``prefix`` ends in a slash or is empty; ``file`` is all that follows the known folders.

    ``bare``: the folders are missing and the parts were read from the file name; ``prefix`` is then all before it.
    """

    prefix: str
    organization: str | None
    account: str
    kind: str
    region: str | None
    day: date | None
    file: str
    bare: bool = False

    @property
    def time(self) -> datetime | None:
        """When the file was delivered: from its name, else the beginning of the day in its path. Naive, UTC."""
        found = _TIME.search(self.file)
        if found is not None:
            year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
            try:
                return datetime(year, month, day, hour, minute, second)
            except ValueError:
                return None
        return datetime.combine(self.day, datetime.min.time()) if self.day else None


def parse_key(key: str) -> LogKey | None:
    """The parts of an object's key or a file's path (with ``/``), or None where it does not say whose log it is."""
    path = _PATH.fullmatch(key)
    if path is not None and path["kind"] in _KINDS:
        kind, region, file = path["kind"], path["region"], path["file"]
        day = _day(path["day"], kind)
        if path["day"] and day is None:
            file = f"{path['day']}/{file}"
        return LogKey(path["prefix"], path["organization"], path["account"], kind, region, day, file)
    folder, slash, file = key.rpartition("/")
    name = _NAME.match(file)
    if name is None or name["kind"] not in _KINDS:
        return None
    return LogKey(folder + slash, None, name["account"], name["kind"], name["region"], None, file, bare=True)


def format_key(key: LogKey) -> str:
    """The key of these parts: ``format_key(parse_key(key)) == key`` for every key that can be parsed."""
    if key.bare:
        return key.prefix + key.file
    folders = [key.organization, key.account, key.kind, key.region, key.day and _day_text(key.day, key.kind)]
    return f"{key.prefix}AWSLogs/{''.join(f'{folder}/' for folder in folders if folder)}{key.file}"


def log_name(account: str, kind: str, region: str, delivered: datetime, unique: str) -> str:
    """The file name of a log as CloudTrail writes it; ``unique`` has 16 characters and no meaning."""
    return f"{account}_{kind}_{region}_{delivered:%Y%m%dT%H%MZ}_{unique}.json.gz"


def is_log_kind(kind: str) -> bool:
    """Whether objects of this kind hold CloudTrail records (digests do not)."""
    return kind in LOG_KINDS


def in_scope(
    key: LogKey,
    accounts: Sequence[str] = (),
    regions: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> bool:
    """Whether the key is one of those asked for; empty or None asks for all. ``since`` counts, ``until`` does not.

    Both bound the time in the name (naive, UTC), down to its minute. What a key does not say cannot be shown to be in
    scope, and is not.
    """
    if (accounts and key.account not in accounts) or (regions and key.region not in regions):
        return False
    if since is None and until is None:
        return True
    time = key.time
    if time is None:
        return False
    if not _TIME.search(key.file):  # only the day is known: it is in scope if any of it is
        return (since is None or time.date() >= since.date()) and (until is None or time < until)
    return (since is None or time >= since.replace(second=0, microsecond=0)) and (until is None or time < until)


def list_prefixes(
    prefix: str,
    accounts: Sequence[str] = (),
    regions: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[str]:
    """The prefixes that have to be listed to see every CloudTrail log in scope, as narrow as can be told.

    Folders are filled in from ``AWSLogs/`` downwards until one is not known; a prefix that does not reach ``AWSLogs/``
    is left as it is, because logs may lie below it without those folders. Where an organisation may stand in between,
    its folders are listed whole. What a listing gives must still pass ``in_scope``.
    """
    root = _ROOT.fullmatch(prefix)
    if root is None:
        return [prefix]
    if root["account"] is not None:
        return [prefix + rest for rest in _below_account(root["below"] or "", regions, since, until)]
    if not accounts:
        return [prefix]
    rests = _below_account("", regions, since, until)
    found = [f"{prefix}{account}/{rest}" for account in accounts for rest in rests]
    return found if root["organization"] else [*found, f"{prefix}o-"]


def _below_account(below: str, regions: Sequence[str], since: datetime | None, until: datetime | None) -> list[str]:
    """What to add to a prefix that goes on with ``below`` behind ``account/``; [""] where nothing can be added."""
    *folders, unfinished = below.split("/")
    if unfinished or (folders and folders[0] not in LOG_KINDS) or (not folders and not regions):
        return [""]
    kinds = [f"{kind}/" for kind in LOG_KINDS]
    days = list(_day_prefixes(since, until)) if since and until else []
    levels = (kinds, [f"{region}/" for region in regions], days)[len(folders) :]
    return ["".join(parts) for parts in product(*takewhile(bool, levels))]


def _day_prefixes(since: datetime, until: datetime) -> Iterator[str]:
    day, last = since.date(), until.date()
    whole_months = (last - day).days > _LONGEST_DAY_LIST
    said = ""
    while day <= last:
        text = f"{day:%Y/%m/}" if whole_months else f"{day:%Y/%m/%d/}"
        if text != said:
            yield text
            said = text
        day += timedelta(days=1)


@lru_cache(4096)  # many files are of one day
def _day(text: str | None, kind: str) -> date | None:
    """The day of a path, None where it is none or is not written as this kind writes it."""
    if text is None:
        return None
    try:
        day = date(*(int(part) for part in text.split("/")))
    except ValueError:
        return None
    return day if _day_text(day, kind) == text else None


def _day_text(day: date, kind: str) -> str:
    if kind in _UNPADDED_KINDS:
        return f"{day.year:04}/{day.month}/{day.day}"
    return f"{day.year:04}/{day.month:02}/{day.day:02}"
