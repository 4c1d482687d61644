"""Everything that somebody could print, and the forms in which a secret could stand in it."""

from __future__ import annotations

import base64
import functools
import html
import io
import json
import logging
import pickle
import traceback
import types
import warnings
from collections import Counter, OrderedDict, deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, SecretStr
from rich.console import Console
from rich.traceback import Traceback

TESTS = str(Path(__file__).parents[1])
OURS = ("crowdhub", "httpx", "httpcore", "h11", "tenacity")
CONTAINERS = (dict, list, tuple, set, frozenset, deque, OrderedDict)
# What may hold the plain text, and shows none of it.
HOLDERS = (SecretStr,)
HOLDER_NAMES = ("Redactor", "Hidden")


def forms(secret: str) -> set[str]:
    """A secret as it could stand in a text."""
    plain = secret.encode()
    found = {secret, repr(secret)[1:-1], repr(plain)[2:-1], html.escape(secret), html.escape(secret, quote=False)}
    for escaped in (True, False):
        found.add(json.dumps(secret, ensure_ascii=escaped)[1:-1])
    for encoded in (quote(plain, safe=""), quote(plain), quote_plus(plain)):
        found |= {encoded, _lower(encoded)}
    found |= {base64.b64encode(plain).decode().rstrip("="), base64.urlsafe_b64encode(plain).decode().rstrip("=")}
    return found


def _lower(encoded: str) -> str:
    parts = encoded.split("%")
    return parts[0] + "".join(f"%{part[:2].lower()}{part[2:]}" for part in parts[1:])


class Evidence:
    """Texts with the place each was found in, and the secrets that may be in none of them."""

    def __init__(self) -> None:
        self.secrets: set[str] = set()
        self.texts: dict[str, set[str]] = {}
        self.errors: list[BaseException] = []
        self._ways: Counter[tuple[object, ...]] = Counter()

    def add(self, where: str, *texts: str) -> None:
        self.texts.setdefault(where, set()).update(texts)

    def leaks(self) -> dict[str, str]:
        """Each place that holds a secret, with the text around it."""
        wanted = {form for secret in self.secrets for form in forms(secret)}
        for first in self.secrets:
            for second in self.secrets:
                if first != second:
                    wanted.add(base64.b64encode(f"{first}:{second}".encode()).decode().rstrip("="))
        assert wanted
        assert self.texts
        found: dict[str, str] = {}
        for where, texts in self.texts.items():
            whole = "\n".join(texts)
            for form in wanted:
                place = whole.find(form)
                if place >= 0:
                    found[where] = whole[max(0, place - 200) : place + len(form) + 60]
                    break
        return found

    # --- what is looked at

    def error(self, error: BaseException) -> None:
        """All that could be printed of an error, of those behind it, and of the locals of its frames."""
        self.errors.append(error)
        name = type(error).__name__
        for each in chain_of(error):
            kind = f"{name} (as {type(each).__name__})"
            self.add(f"str of {kind}", str(each))
            self.add(f"repr of {kind}", repr(each), repr(each.args), repr(getattr(each, "__notes__", ())))
            self.add(f"members of {kind}", repr(vars(each)))
            self.add(f"pickle of {kind}", as_text(pickled(each)))
        self.add(f"locals of {name}", with_locals(error))
        way = (name, *((frame.name, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)))
        self._ways[way] += 1
        if self._ways[way] <= 3:  # it takes its time, and the third of one kind says what all say
            self.add(f"rich locals of {name}", with_rich_locals(error))

    def result(self, value: object) -> None:
        """A result: as text, as JSON, as pickle."""
        name = type(value).__name__
        self.add(f"a result, {name}", repr(value), str(value))
        if isinstance(value, BaseModel):
            self.add(f"dump of {name}", repr(value.model_dump()), value.model_dump_json())
        self.add(f"pickle of {name}", as_text(pickled(value)))

    def reachable(self, *roots: object) -> None:
        """The repr of every object of ours that can be reached, and every text that is not inside a holder."""
        seen: set[int] = set()
        todo: list[tuple[str, object]] = [(type(root).__name__, root) for root in roots]
        keep: list[object] = []
        while todo:
            path, thing = todo.pop()
            if id(thing) in seen or isinstance(thing, HOLDERS) or type(thing).__name__ in HOLDER_NAMES:
                if isinstance(thing, HOLDERS) or type(thing).__name__ in HOLDER_NAMES:
                    self.add(f"repr of {path}", repr(thing), str(thing))
                continue
            seen.add(id(thing))
            keep.append(thing)
            todo += [(f"{path}.{name}", each) for name, each in self._inside(path, thing)]
        assert len(seen) > 50

    def _inside(self, path: str, thing: object) -> Iterator[tuple[str, object]]:  # noqa: C901
        where = f"reached as {path[:200]}"
        if isinstance(thing, str):
            self.add(where, thing)
        elif isinstance(thing, (bytes, bytearray)):
            self.add(where, as_text(bytes(thing)))
        elif isinstance(thing, dict):
            for key, value in list(cast("dict[object, object]", thing).items()):
                yield "key", key
                yield str(key)[:30], value
        elif isinstance(thing, CONTAINERS):
            for each in list(cast("Iterable[object]", thing)):
                yield "[]", each
        elif isinstance(thing, functools.partial):
            yield from (("func", thing.func), ("args", thing.args), ("keywords", thing.keywords))
        elif isinstance(thing, types.MethodType):
            yield "self", thing.__self__
        elif isinstance(thing, types.FunctionType):
            for cell in thing.__closure__ or ():
                try:
                    yield "closure", cell.cell_contents
                except ValueError:
                    continue
        elif not isinstance(thing, (type, types.ModuleType)) and is_ours(type(thing).__module__):
            self.add(where, repr(thing), str(thing))
            yield from list(getattr(thing, "__dict__", {}).items())
            for kind in type(thing).__mro__:
                slots = kind.__dict__.get("__slots__", ())
                for name in (slots,) if isinstance(slots, str) else slots:
                    mangled = f"_{kind.__name__.lstrip('_')}{name}" if name.startswith("__") else name
                    if hasattr(thing, mangled):
                        yield name, getattr(thing, mangled)

    def files(self, folder: Path) -> None:
        """The bytes of every file, a database's companions included."""
        for path in folder.rglob("*"):
            if path.is_file():
                self.add(f"the file {path.name}", as_text(path.read_bytes()), path.name)

    @contextmanager
    def watching(self) -> Generator[None]:
        """All logs at DEBUG, of every logger there is or will be, and all warnings."""
        root = logging.getLogger()
        handler = _Handler(self)
        levels = {logger: logger.level for logger in (root, *_loggers())}
        root.addHandler(handler)
        for logger in levels:
            logger.setLevel(logging.DEBUG if logger is root else logging.NOTSET)
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                yield
        finally:
            root.removeHandler(handler)
            for logger, level in levels.items():
                logger.setLevel(level)
        for each in caught:
            self.add("a warning", str(each.message), repr(each.message))


class _Handler(logging.Handler):
    def __init__(self, evidence: Evidence) -> None:
        super().__init__(logging.NOTSET)
        self.evidence = evidence

    def emit(self, record: logging.LogRecord) -> None:
        where = f"log of {record.name}"
        self.evidence.add(where, record.getMessage(), repr(record.args), repr(record.msg))
        if record.exc_info and record.exc_info[1]:
            self.evidence.error(record.exc_info[1])


def is_ours(module: str) -> bool:
    """Whether a type is part of the client; a sandbox plays the marketplace, which knows its customers' keys."""
    parts = module.split(".")
    return parts[0].startswith(OURS) and not {"sandbox", "testing"} & set(parts)


def _loggers() -> Iterable[logging.Logger]:
    known = logging.root.manager.loggerDict.values()
    return [each for each in known if isinstance(each, logging.Logger)]


def chain_of(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        each = todo.pop()
        if each is None or any(each is known for known in found):
            continue
        found.append(each)
        todo += [each.__cause__, each.__context__]
        todo += list(getattr(each, "exceptions", ()))
        inner = getattr(each, "error", None)  # a failed outcome carries its own
        todo.append(inner if isinstance(inner, BaseException) else None)
    return found


def with_locals(error: BaseException) -> str:
    """What `traceback` prints with locals, also of contexts that it hides; without the frames of the tests."""
    told: list[str] = []
    for each in chain_of(error):
        try:
            shown = traceback.TracebackException.from_exception(each, capture_locals=True)
        except Exception:  # noqa: BLE001 - what an interrupt left half made has no repr; Python 3.12 minds that itself
            shown = traceback.TracebackException.from_exception(each)
        ours = [frame for frame in shown.stack if not frame.filename.startswith(TESTS)]
        told += [f"{frame.filename}:{frame.lineno} {frame.name} {frame.locals}" for frame in ours]
        told += list(shown.format_exception_only())
        shown.stack[:] = ours
        if each is error:
            told += [line for line in shown.format() if TESTS not in line]
    return "\n".join(told)


def with_rich_locals(error: BaseException) -> str:
    """What rich's tracebacks print with ``show_locals``, which looks into objects and containers."""
    out = io.StringIO()
    console = Console(file=out, width=400, force_terminal=False, color_system=None)
    for each in chain_of(error):
        trace = Traceback.extract(
            type(each),
            each,
            each.__traceback__,
            show_locals=True,
            locals_max_length=50,
            locals_max_string=5000,
            locals_hide_dunder=False,
            locals_hide_sunder=False,
        )
        for stack in trace.stacks:
            for frame in stack.frames:
                if frame.filename.startswith(TESTS):
                    continue
                console.print(frame.name)
                for name, node in (frame.locals or {}).items():
                    console.print(name, "=", str(node), markup=False, highlight=False, soft_wrap=True)
            console.print(stack.exc_value, markup=False, highlight=False, soft_wrap=True)
    return out.getvalue()


def pickled(value: object) -> bytes:
    try:
        data = pickle.dumps(value)
    except (TypeError, AttributeError, pickle.PicklingError):
        return b""
    return data


def as_text(data: bytes) -> str:
    """Bytes so that both what is UTF-8 and what is not can be looked through."""
    return data.decode("utf-8", "replace") + "\n" + data.decode("latin-1")
