"""Arguments of another type than the one that is declared are one error that names them, before any request."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError, validate_call

from crowdhub.errors import InvalidRequest, Issue
from crowdhub.protocol import Operation

P = ParamSpec("P")
R = TypeVar("R")
Given = tuple[tuple[object, ...], dict[str, object]]


def checked_arguments(verb: Callable[P, R]) -> Callable[P, R]:
    """Check a verb's arguments against its annotations, whose names must be there at run time.

    Nothing is converted: ``slots="3"`` is wrong, and so is ``slots=True``. The error comes when a coroutine is
    awaited, as all others do. Raises `InvalidRequest`.
    """

    @cache  # made with the first call: an import should not pay for it
    def checking() -> Callable[..., Given]:
        def given(*args: object, **kwargs: object) -> Given:
            return args, kwargs

        strict = ConfigDict(strict=True, arbitrary_types_allowed=True)
        return cast("Callable[..., Given]", validate_call(config=strict)(wraps(verb)(given)))

    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            taken, named = checking()(*args, **kwargs)
        except ValidationError as error:
            for each in (*args, *kwargs.values()):
                if isinstance(each, Operation):
                    _ = cast("Operation[object]", each).taken()
            raise InvalidRequest(issues=_issues(error, verb)) from None
        pairs = zip(_names(verb, args, kwargs), (*args, *kwargs.values()), (*taken, *named.values()), strict=True)
        if made := [name for name, given, found in pairs if _made(given, found)]:
            raise InvalidRequest(issues=[_issue(name, name, dict, verb) for name in made])
        return verb(*args, **kwargs)

    if not inspect.iscoroutinefunction(verb):
        return wraps(verb)(checked)

    async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
        return await cast("Any", checked(*args, **kwargs))

    return cast("Callable[P, R]", wraps(verb)(awaited))


def _made(given: object, taken: object) -> bool:
    """Whether pydantic made a model of something else."""
    return isinstance(taken, BaseModel) and not isinstance(given, BaseModel)


def _names(verb: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]) -> list[str]:
    return [*list(inspect.signature(verb).parameters)[: len(args)], *kwargs]


def _issue(where: str, name: str, kind: type, verb: Callable[..., object]) -> Issue:
    wanted = verb.__annotations__.get(name, "what is declared")
    return Issue(where, f"is of type {kind.__name__}; {name} must be {wanted}")


def _issues(error: ValidationError, verb: Callable[..., object]) -> list[Issue]:
    """One issue for each argument, or each item of one, by the names of the parameters: pydantic numbers those that
    were given by position."""
    names = list(inspect.signature(verb).parameters)
    found: dict[str, Issue] = {}
    for each in error.errors(include_url=False, include_context=False):
        first, *rest = each["loc"]
        name = names[first] if isinstance(first, int) else first
        where = f"{name}[{rest[0]}]" if rest and isinstance(rest[0], int) else name
        found.setdefault(where, _issue(where, name, type(cast("object", each["input"])), verb))
    return list(found.values())
