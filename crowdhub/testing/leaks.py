"""Looking for secrets where none may be."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager

from crowdhub.engine.redact import SHORTEST, Redactor
from crowdhub.protocol import UNSET, AnyProvider, Call, CredentialPlaces, Token, mapping


class Secrets:
    """The secrets of an account and of its token, to be found in whatever spelling."""

    def __init__(self, provider: AnyProvider, token: Token | None = None) -> None:
        every = [*provider.settings.secrets(), *(token.secrets() if token is not None else ())]
        self.plain = [text for text in every if len(text) >= SHORTEST]
        self._redact = Redactor([*self.plain, *(text[::-1] for text in self.plain)])

    def inside(self, text: str) -> bool:
        return self._redact(text) != text

    def faults(self, texts: Iterable[tuple[str, str]]) -> list[str]:
        """The places of those texts that hold a secret."""
        return [where for where, text in texts if self.inside(text)]


def of_error(error: BaseException) -> Iterator[tuple[str, str]]:
    """Every text of an error and of those behind it."""
    each: BaseException | None = error
    seen: set[int] = set()
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        name = type(each).__name__
        yield f"str({name})", str(each)
        yield f"repr({name})", repr(each)
        yield f"the arguments of {name}", repr(each.args)
        yield f"the members of {name}", repr(vars(each))
        each = each.__cause__ or each.__context__
    yield "the traceback", "".join(traceback.format_exception(error))


def of_call(call: Call) -> Iterator[tuple[str, str]]:
    """Every part of a call as text."""
    yield "the path", call.path
    yield "the query", repr(call.query_pairs())
    yield "the headers", repr(call.headers)
    yield "the JSON body", "" if call.json is UNSET else repr(call.json)
    yield "the form", repr(call.form)
    yield "the multipart form", repr(call.multipart)
    yield "the content", repr(call.content)
    yield "the operation", repr(call.operation)
    yield "its repr", repr(call)


def misplaced(call: Call, secrets: Secrets, places: CredentialPlaces) -> list[str]:
    """Where a signed call holds a secret outside the places that the provider declares."""
    found = [] if not secrets.inside(call.path) else ["the path"]
    headers = {name.lower() for name in places.headers}
    found += [
        f"the header {k}" for k, v in (call.headers or {}).items() if secrets.inside(v) and k.lower() not in headers
    ]
    found += [f"the query's {k}" for k, v in call.query_pairs() if secrets.inside(v) and k not in places.query]
    if (members := mapping(call.json)) is not None:
        texts = {name: json.dumps(value, default=str) for name, value in members.items()}
        found += [f"the JSON's {k}" for k, v in texts.items() if secrets.inside(v) and k not in places.json]
    form = call.form.items() if isinstance(call.form, Mapping) else call.form or ()
    fields = [(k, str(v)) for k, v in (*form, *(call.multipart or ()))]
    known = {*places.form, *places.query, *places.json}
    found += [f"the form's {k}" for k, v in fields if secrets.inside(v) and k not in known]
    return found


class _Keeper(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if record.exc_info:
            said += "".join(traceback.format_exception(*record.exc_info))
        self.lines.append((f"a log line of {record.name}", said + repr(record.args)))


@contextmanager
def all_logs() -> Generator[list[tuple[str, str]]]:
    """Everything that any logger says meanwhile, at DEBUG."""
    root = logging.getLogger()
    keeper = _Keeper()
    before = root.level
    root.addHandler(keeper)
    root.setLevel(logging.DEBUG)
    try:
        yield keeper.lines
    finally:
        root.setLevel(before)
        root.removeHandler(keeper)
