"""The capability matrix in Markdown, from what the plugins' code can do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from crowdhub.cli.files import read_text
from crowdhub.errors import ConfigurationError
from crowdhub.model import Capability, Support
from crowdhub.protocol import Provider, ProviderSettings, RateLimit

Kind: TypeAlias = type[Provider[ProviderSettings]]
YES, NO = "✓", "–"
SPANS: Mapping[float, str] = {1: "second", 60: "minute", 3600: "hour", 86400: "day"}
START, END = "<!-- generated: matrix -->", "<!-- /generated -->"


def matrix(kinds: Sequence[Kind]) -> str:
    """One table: a row for each operation and each field of a draft, a column for each marketplace."""
    lines = [_row("", [kind.title for kind in kinds]), _row("---", [":-:" for _ in kinds])]
    tables = [kind.capabilities for kind in kinds]
    lines += [_row(_words(each), [_mark(able[each]) for able in tables]) for each in Capability]
    lines.append(_row("*a draft's*", ["" for _ in kinds]))
    fields = tables[0].fields if tables else {}
    lines += [_row(f"`{name}`", [_mark(able.fields[name]) for able in tables]) for name in fields]
    return "\n".join(lines) + "\n"


def reasons(kinds: Sequence[Kind]) -> str:
    """A table for each marketplace, with the limits of what it can do and why it cannot do the rest."""
    parts: list[str] = []
    for kind in kinds:
        able = kind.capabilities
        limits = ", ".join(_limit(each) for each in kind.rate_limits) or "none that it documents"
        parts += [
            f"### {kind.title}",
            "",
            f"Name `{kind.name}`, pays in {kind.currency}. Request limits: {limits}.",
            "",
        ]
        parts += [_row("", ["", "limits, or why not"]), _row("---", [":-:", "---"])]
        named: list[tuple[str, Support]] = [(_words(each), able[each]) for each in Capability]
        named += [(f"`{name}`", support) for name, support in able.fields.items()]
        parts += [_row(name, [_mark(support), _why(support)]) for name, support in named]
        parts.append("")
    return "\n".join(parts)


def insert(file: Path, text: str) -> None:
    """Put the text between the marks. Raises `ConfigurationError` where the file has none."""
    before = read_text(file)
    after = inserted(before, text)
    if after is None:
        raise ConfigurationError(f"{file} has no lines {START} and {END}.", next_step="Add them; nothing was written.")
    if after != before:
        file.write_text(after, encoding="utf-8")


def inserted(document: str, text: str) -> str | None:
    """The document with the text between its marks; None where it has none."""
    pattern = re.compile(re.escape(START) + ".*?" + re.escape(END), re.DOTALL)
    replace: Callable[[re.Match[str]], str] = lambda _: f"{START}\n{text.strip()}\n{END}"  # noqa: E731
    return pattern.sub(replace, document, count=1) if pattern.search(document) else None


def _row(first: str, others: Sequence[str]) -> str:
    return "| " + " | ".join(each.replace("|", "\\|") for each in (first, *others)) + " |"


def _words(capability: Capability) -> str:
    return capability.value.replace("_", " ")


def _mark(support: Support) -> str:
    return YES if support else NO


def _why(support: Support) -> str:
    if support:
        return support.limits or ""
    return support.reason or "not offered by this marketplace"


def _limit(limit: RateLimit) -> str:
    span = SPANS.get(limit.seconds, f"{limit.seconds:g} s")
    return f"{limit.calls:,} a {span}" + (f" ({limit.what})" if limit.what else "")
