"""Arguments of another type than the one that is declared are one error that names them, before any request."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from functools import cache, wraps
from typing import Any, ParamSpec, Protocol, TypeVar, cast, runtime_checkable

from pydantic import (
    BaseModel,
    ConfigDict,
    PydanticUserError,
    ValidationError,
    validate_call,
)

from crowdhub.errors import CrowdhubError, InvalidRequest, Issue
from crowdhub.model.taking import stumbled_over, taken, unsendable

P = ParamSpec("P")
R = TypeVar("R")
Given = tuple[tuple[object, ...], dict[str, object]]
NOT_BY_ID = ("Submission", "Application")
"""What has to be given itself (as annotations name it)."""


@runtime_checkable
class Takeable(Protocol):
    """An operation, for which somebody is responsible."""

    def taken(self) -> object: ...


def checked_arguments(verb: Callable[P, R]) -> Callable[P, R]:
    """Check a function's arguments against its annotations. Where those use names that are not there at run time, or
    types that cannot be checked, nothing is.

    Nothing is converted: ``slots="3"`` is wrong, and so is ``slots=True``. The error comes when a coroutine is
    awaited, as all others do. Raises `InvalidRequest`.
    """

    checking = cache(lambda: _checking(verb))  # made with the first call: an import should not pay for it

    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            _refuse_boundless(verb, args, kwargs)
            found, named = checking()(*args, **kwargs)
        except ValidationError as error:
            _take((*args, *kwargs.values()))
            _ = inspect.signature(verb).bind(*args, **kwargs)  # one too many, one missing: Python's own words
            raise InvalidRequest(issues=_issues(error, verb)) from None
        except (CrowdhubError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - the code of an argument, or an enum that compares with it
            _take((*args, *kwargs.values()))
            given = dict(inspect.signature(verb).bind(*args, **kwargs).arguments)
            raise InvalidRequest(issues=stumbled_over(given, lambda alone: checking()(**alone), error)) from None
        if made := _made(verb, (args, kwargs), (found, named)):
            raise InvalidRequest(issues=[_issue(name, name, dict, verb) for name in made])
        return verb(*args, **kwargs)

    if not inspect.iscoroutinefunction(verb):
        return wraps(verb)(checked)

    async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
        return await cast("Any", checked(*args, **kwargs))

    return cast("Callable[P, R]", wraps(verb)(awaited))


def _checking(verb: Callable[..., object]) -> Callable[..., Given]:
    def given(*args: object, **kwargs: object) -> Given:
        return args, kwargs

    strict = ConfigDict(strict=True, arbitrary_types_allowed=True)
    try:
        return cast("Callable[..., Given]", validate_call(config=strict)(wraps(verb)(given)))
    except (NameError, PydanticUserError):
        return given


def _refuse_boundless(verb: Callable[..., object], args: Iterable[object], kwargs: dict[str, object]) -> None:
    """A range says that it is a sequence, and one check for each of its items could take for ever; an integer of
    thousands of digits cannot even be written into an error."""
    if not any(isinstance(each, range) or type(each) is int for each in (*args, *kwargs.values())):
        return
    issues: list[Issue] = []
    for name, value in inspect.signature(verb).bind_partial(*args, **kwargs).arguments.items():
        if isinstance(value, range):
            _ = taken(name, value)
        elif type(value) is int and _is_whole(verb, name) and (what := unsendable(value)):
            issues.append(Issue(name, what))
    if issues:
        raise InvalidRequest(issues=issues)


def _is_whole(verb: Callable[..., object], name: str) -> bool:
    """Whether a parameter is declared as a whole number; those that are not have limits of their own."""
    return re.search(r"\bint\b", str(verb.__annotations__.get(name))) is not None


def _take(arguments: Iterable[object]) -> None:
    for each in arguments:
        if isinstance(each, Takeable):
            _ = each.taken()


def _made(verb: Callable[..., object], given: Given, taken: Given) -> list[str]:
    """The names of the arguments of which pydantic made models."""
    as_given = {id(each) for each in (*given[0], *given[1].values())}
    if not any(isinstance(each, BaseModel) and id(each) not in as_given for each in (*taken[0], *taken[1].values())):
        return []
    signature = inspect.signature(verb)
    found = signature.bind(*taken[0], **taken[1]).arguments
    asked = signature.bind(*given[0], **given[1]).arguments
    return [
        name for name, value in asked.items() if isinstance(found[name], BaseModel) and not isinstance(value, BaseModel)
    ]


def _issue(where: str, name: str, kind: type, verb: Callable[..., object]) -> Issue:
    wanted = verb.__annotations__.get(name, "what is declared")
    alone = ", for an id alone does not tell its task" if kind is str and wanted in NOT_BY_ID else ""
    return Issue(where, f"is of type {kind.__name__}; {name} must be {wanted}{alone}")


def _issues(error: ValidationError, verb: Callable[..., object]) -> list[Issue]:
    """One issue for each argument, or each item of one, by the names of the parameters: pydantic numbers those that
    were given by position."""
    names = list(inspect.signature(verb).parameters)
    found: dict[str, Issue] = {}
    for each in error.errors(include_url=False, include_context=False):
        first, *rest = each["loc"]
        name = names[first] if isinstance(first, int) else first
        where = f"{name}[{rest[0]}]" if rest and isinstance(rest[0], int) else name
        match each["type"]:
            case "missing":
                found.setdefault(where, Issue(where, "is missing"))
            case "extra_forbidden":
                found.setdefault(where, Issue(where, "is no argument of it"))
            case _:
                found.setdefault(where, _issue(where, name, type(cast("object", each["input"])), verb))
    return list(found.values())
