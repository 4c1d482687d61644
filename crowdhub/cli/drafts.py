"""A draft from the command line and from a TOML or JSON file."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from crowdhub import registry, strictjson
from crowdhub.cli.files import read_text
from crowdhub.errors import ConfigurationError, InvalidRequest, Issue
from crowdhub.model import ProviderOptions, TaskDraft

FIELDS = tuple(name for name in TaskDraft.model_fields if name not in ("options", "reference"))


def read_file(path: Path) -> dict[str, object]:
    """The fields of a draft from a file. A picture's path is seen from the file's folder.

    Raises `ConfigurationError` for a file that cannot be read, `InvalidRequest` naming all unknown fields.
    """
    try:
        text = read_text(path)
        # parse_float: an amount without quotes must not become a float on its way to Money
        data: object = (
            strictjson.loads(text, parse_float=str) if path.suffix == ".json" else tomllib.loads(text, parse_float=str)
        )
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.") from None
    if not isinstance(data, dict):
        raise ConfigurationError(f"{path} does not hold a table of a draft's fields.")
    fields = cast("dict[str, object]", data)
    issues = [
        Issue(name, f"there is no such field{_near(name)}") for name in fields if name not in (*FIELDS, "options")
    ]
    if issues:
        raise InvalidRequest(issues=issues)
    if isinstance(image := fields.get("image"), str):
        fields["image"] = str(path.parent / image)
    return fields


def draft(fields: Mapping[str, object], currency: str) -> TaskDraft:
    """The draft; an amount without a currency is in the marketplace's. Raises `InvalidRequest` naming all issues."""
    ready: dict[str, Any] = {name: value for name, value in fields.items() if value is not None and name != "options"}
    if isinstance(ready.get("reward"), (str, int)):
        amount = str(ready["reward"]).strip()
        ready["reward"] = amount if " " in amount else f"{amount} {currency}"
    if options := fields.get("options"):
        ready["options"] = list(_options(options))
    if isinstance(image := ready.get("image"), str):
        _check_name(image)
    try:
        return TaskDraft(**ready)
    except InvalidRequest as error:
        raise InvalidRequest(issues=_about_deadline(error.issues, ready.get("deadline"))) from None


def _check_name(image: str) -> None:
    """Whether there is such a file is asked later; some names cannot even be asked for."""
    try:
        _ = Path(image).is_file()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InvalidRequest(issues=[Issue("image", f"{image!r} is no file ({reason})")]) from None


def _about_deadline(issues: Iterable[Issue], given: object) -> Iterator[Issue]:
    """One issue about it in place of one for each way in which it could have been read."""
    told = False
    for each in issues:
        if not each.where.startswith("deadline."):
            yield each
        elif not told:
            told = True
            what = "neither a moment such as 2026-01-31T12:00Z nor a span such as P3D or PT36H"
            yield Issue("deadline", f"{str(given)!r} is {what}")


def _options(tables: object) -> Iterator[ProviderOptions]:
    """``[options.rapidworkers]`` and the like, as the plugins' own types."""
    if not isinstance(tables, dict):
        raise InvalidRequest(issues=[Issue("options", "holds one table for each marketplace")])
    for name, settings in cast("dict[str, object]", tables).items():
        kind = registry.options_type(name)
        if kind is None:
            raise InvalidRequest(issues=[Issue(f"options.{name}", "this marketplace has no options")])
        if not isinstance(settings, dict) or "self" in settings:
            raise InvalidRequest(issues=[Issue(f"options.{name}", "is not a table of this marketplace's settings")])
        yield kind(**cast("dict[str, Any]", settings))


def _near(name: str) -> str:
    near = difflib.get_close_matches(name, FIELDS, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(FIELDS)}, options"
