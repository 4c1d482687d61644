"""Taking secrets out of texts, in every form in which they can travel."""

from __future__ import annotations

import logging
import re
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from weakref import WeakSet

from crowdhub.engine.spellings import Unescaped, Unpacked
from crowdhub.frames import FramesLeftOut

MASK = "[secret]"
SHORTEST = 4  # a shorter secret would mask ordinary words
RENEWED = 16
"""How many fetched tokens are known at a time: more than there are calls on their way with an older one."""
ROOM = 8000
"""Characters for the longest secret in its longest spelling."""
PACKED = 3
"""How often secrets can be in base64 on top of each other, each with escapes around it."""


# Control characters can rewrite a terminal, and characters that turn the direction of text can make a message
# read as another: marketplaces and workers choose these texts, so they are shown, not obeyed.
_LONE = range(0xD800, 0xE000)  # half characters: printing one is an error
_OBEYED = [
    *range(0x20),
    *range(0x7F, 0xA0),
    0x061C,
    0x200E,
    0x200F,
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    *_LONE,
]
_SHOWN = {code: f"\\u{code:04x}" for code in _OBEYED if chr(code) not in "\n\t"}


def shown(text: str) -> str:
    """``text`` with every character that a terminal or a reader would obey written out."""
    return text.translate(_SHOWN)


class Mask:
    """Replaces secrets in a text, however they are spelled: each character plain or escaped for JSON, HTML or an
    address, once or several times; or all of it inside of what was written in base64, as for HTTP Basic.

    ``names`` are those under which credentials travel. What is made from a secret for one request (a signature) is
    known by its name alone: ``sign=…``, ``"Authorization": "…"``.
    """

    def __init__(self, secrets: Iterable[str], names: frozenset[str]) -> None:
        self._forms = _Forms.of(secrets)
        self._named = _named(names)

    def __call__(self, text: str) -> str:
        return self.beginning(text, len(text))

    def beginning(self, text: str, longest: int) -> str:
        """What is left of the first ``longest`` characters. A secret that stands at the cut is taken out as a whole:
        so it is looked for beyond that, too."""
        text = text[: longest + ROOM]
        with FramesLeftOut():
            return _without(text, [*self._forms.places(text), *self._values(text)], longest)

    def _values(self, text: str) -> Iterator[tuple[int, int]]:
        """Where a value stands under a name of a credential."""
        for found in self._named.finditer(text) if self._named is not None else ():
            yield found.end(1), found.end()


class Redactor:
    """The secrets of an account or a hub, and texts without them."""

    def __init__(self, secrets: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self.names = frozenset(names)
        self._secrets: frozenset[str] = frozenset()
        self._renewed: deque[tuple[str, ...]] = deque(maxlen=RENEWED)
        self._others: list[Redactor] = []
        self._mask: Mask | None = None
        with _everyone.lock:
            _everyone.redactors.add(self)
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Secrets to know for good."""
        with _everyone.lock, FramesLeftOut():
            self._secrets |= {*secrets}
            self._mask = _everyone.mask = None

    def renew(self, *secrets: str) -> None:
        """The parts of a fetched token, to know until several others came after it."""
        with _everyone.lock, FramesLeftOut():
            self._renewed.append(secrets)
            self._mask = _everyone.mask = None
        for other in self._others:
            other.renew(*secrets)

    def tell(self, other: Redactor) -> None:
        """From now on the other one knows the tokens that are fetched here, too."""
        self._others.append(other)

    def known(self) -> frozenset[str]:
        return self._secrets.union(*self._renewed)

    def mask(self) -> Mask:
        with _everyone.lock, FramesLeftOut():
            if self._mask is None:
                self._mask = Mask(self.known(), self.names)
            return self._mask

    def __call__(self, text: str) -> str:
        return self.mask()(text)

    def beginning(self, text: str, longest: int) -> str:
        """What is left of the first ``longest`` characters, cut after its secrets were taken out."""
        return self.mask().beginning(text, longest)


class _Everyone:
    """The secrets of all accounts in this process, taken out at once: of two where one is a part of the other, the
    shorter one's mask would hide the longer one from whoever comes next."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.redactors: WeakSet[Redactor] = WeakSet()
        self.mask: Mask | None = None
        """None: something was learned since it was made."""

    def __call__(self, text: str) -> str:
        with self.lock, FramesLeftOut():
            mask = self.mask
            if mask is None:
                each = list(self.redactors)
                secrets = frozenset[str]().union(*(one.known() for one in each))
                mask = self.mask = Mask(secrets, frozenset[str]().union(*(one.names for one in each)))
        return mask(text)


_everyone = _Everyone()


@dataclass(frozen=True, slots=True)
class _Forms:
    """What to look for: in a text as it is, and in what it means, again in each layer of base64."""

    plain: tuple[str, ...] = ()
    meant: tuple[str, ...] = ()
    spaced: tuple[str, ...] = ()
    everything: bool = False
    shortest: int = 0
    """How much of a secret has to be in base64 to be found."""

    @classmethod
    def of(cls, secrets: Iterable[str]) -> _Forms:
        known = {secret for secret in secrets if len(secret) >= SHORTEST}
        plain = known | {short for secret in known if len(short := secret.strip()) >= SHORTEST}
        everything = any("\\" in secret or not secret.isascii() for secret in plain)
        meant = {Unescaped(secret, everything=everything).text for secret in plain}
        meant = {form for form in meant if len(form.strip()) >= SHORTEST}
        spaced = {_spaced(form) for form in meant if " " in form}
        as_bytes = {secret.encode("utf-8", "replace").decode("latin-1") for secret in plain}
        shortest = min((len(_head(form)) for form in plain | as_bytes | meant), default=0)
        return cls(tuple(plain | as_bytes), tuple(meant), tuple(spaced), everything, shortest)

    def places(self, text: str, packed: int = PACKED) -> Iterator[tuple[int, int]]:
        """Where the secrets are. Linear in the text: it is searched for one after the other."""
        if not self.plain:
            return
        yield from _places(text, self.plain)
        unescaped = Unescaped(text, everything=self.everything)
        for start, end in _places(unescaped.text, self.meant):
            yield unescaped.span(start, end)
        if self.spaced:
            for start, end in _places(_spaced(unescaped.text), self.spaced):
                yield unescaped.span(start, end)
        if packed:
            unpacked = Unpacked(unescaped.text, self.shortest)
            for before, inner in unpacked.readings():
                for start, end in self.places(inner, packed - 1):
                    yield unescaped.span(*unpacked.span(start, end, before))


def _spaced(text: str) -> str:
    """Forms in addresses write a space as a plus sign."""
    return text.replace("+", " ")


def _places(text: str, forms: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where a secret is, or its beginning: texts are cut off, and a cut can go through a key."""
    for form in forms:
        head = _head(form)
        start = text.find(head)
        while start >= 0:
            end = start + _shared(form, text, start)
            yield start, end
            start = text.find(head, end)


def _head(form: str) -> str:
    return form[: max(8, len(form) // 2)]


def _shared(form: str, text: str, start: int) -> int:
    """How much of the beginning of ``form`` is in ``text`` from ``start`` on."""
    if text.startswith(form, start):
        return len(form)
    return next(at for at, char in enumerate(form) if not text.startswith(char, start + at))


def _without(text: str, places: Iterable[tuple[int, int]], longest: int) -> str:
    parts: list[str] = []
    done = -1
    for start, end in sorted(places):
        if start >= longest:
            break
        if start > done:
            parts += (text[max(done, 0) : start], MASK)
        done = max(done, end)
    return "".join(parts) + text[done:longest] if parts else text[:longest]


_LONG = r"[\w.+/=%~-]{16,}"  # no word of a sentence


@lru_cache(maxsize=64)
def _named(names: frozenset[str]) -> re.Pattern[str] | None:
    """A name as queries, headers and JSON have it, and a long value after it (not the words of a sentence)."""
    known = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    if not known:
        return None
    quote = r"(?:\\*[\"']|&quot;)"
    between = rf"(?:{quote}|\])?\s*(?:=>|[=:,]|%3d)\s*(?:[\[(b]{{0,2}}{quote})?(?:(?:Basic|Bearer) )?"
    return re.compile(rf"((?:(?<![A-Za-z])|(?<=\\[nrt]))(?:{known}){between}){_LONG}", re.IGNORECASE)


class _Scrub(logging.Filter):
    """The HTTP library logs the headers of answers at DEBUG, and an answer can echo a key."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        text = self.clean(said)
        if text != said:
            record.msg, record.args = text, ()
        return True

    def clean(self, text: str) -> str:
        return _everyone(text)


class _OneLine(_Scrub):
    """Our own lines hold words of marketplaces: none of these makes another line of them."""

    def clean(self, text: str) -> str:
        return shown(super().clean(text)).replace("\n", "\\u000a")


for _name in ("httpx", *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks"))):
    logging.getLogger(_name).addFilter(_Scrub())
logging.getLogger("crowdhub").addFilter(_OneLine())
