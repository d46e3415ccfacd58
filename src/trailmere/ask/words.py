"""Words of questions and of samples, brought to one form, and how much each tells."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_ENDINGS = ("ings", "ing", "ies", "ers", "er", "ed", "es", "s", "e")
_SAME = {
    "machine": "instance",
    "vm": "instance",
    "server": "instance",
    "login": "signin",
    "logon": "signin",
    "log": "signin",
    "logged": "signin",
    "sign": "signin",
    "fail": "error",
    "failure": "error",
    "operation": "call",
    "api": "call",
    "action": "call",
    "activity": "event",
    "remove": "delete",
    "destroy": "delete",
    "made": "create",
    "make": "create",
    "launch": "run",
    "launched": "run",
    "permission": "policy",
    "refused": "denied",
    "unauthorized": "denied",
    "forbidden": "denied",
    "people": "user",
    "person": "user",
    "identity": "user",
    "caller": "user",
    "principal": "user",
    "ip": "address",
    "ips": "address",
    "rate": "count",
    "number": "count",
    "many": "count",
    "often": "count",
    "frequent": "top",
    "common": "top",
    "popular": "top",
}
# They say that something is asked, not what.
COMMON = frozenset(
    _WORD.findall(
        """
        a about all also an and any are as at aws be been by can could did do does each every find for from
        get give got had has have how i in include including into is it its let list me my name names of on
        or our out please result results see select show so some tell that the their them there these they
        this those to us using was we were what when where which who whom whose will with would you your
        amazon query queries sql data store lake cloudtrail well
        """
    )
)


def words(text: str) -> list[str]:
    """The words of a text that tell something, in one form; ``ConsoleLogin`` is one word."""
    found = (word.lower() for word in _WORD.findall(text))
    return [form(word) for word in found if word not in COMMON]


def form(word: str) -> str:
    """One form for ``delete``, ``deletes``, ``deleted`` and ``deleting``, and for words that mean the same here."""
    word = _SAME.get(word, word)
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stem = word[: -len(ending)]
            return _STEMS.get(stem, stem)
    return _STEMS.get(word, word)


_STEMS: dict[str, str] = {}
_STEMS.update({form(said): form(meant) for said, meant in _SAME.items()})


class Weights:
    """How much each word tells: the more, the fewer samples have it. One that no sample has tells the most."""

    def __init__(self, bags: Sequence[Iterable[str]]) -> None:
        counted = Counter(word for bag in bags for word in set(bag))
        self._most = math.log(1 + len(bags))
        self._weights: Mapping[str, float] = {word: math.log(1 + len(bags) / n) for word, n in counted.items()}

    def of(self, bag: Iterable[str]) -> float:
        """The sum over the words."""
        return sum(self._weights.get(word, self._most) for word in bag)

    def knows(self, word: str) -> bool:
        """Whether a sample has it."""
        return word in self._weights
