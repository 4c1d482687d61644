"""Protocol logic without I/O: a provider's operation is a generator of calls.

It yields a `Call`, is sent the `Response`, and returns a neutral model::

    @operation
    def balance(self) -> Flow[Balance]:
        reply = yield Call.post("/account/get_balance", json={}, effect=Effect.READ)
        return wire.Balance.read(reply).to_balance()

Calling it makes an `Operation`: an object with a name and its arguments, which the engine runs (again, if need be),
another operation takes part of by ``yield from``, and a test drives by hand with `OperationRun`. One piece of
protocol code so serves sync, async and the tests. It yields single calls only.
"""

from __future__ import annotations

import inspect
import reprlib
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial, wraps
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeAlias, TypeVar, cast, overload

from crowdhub.frames import also_half_made
from crowdhub.protocol.arguments import checked_arguments
from crowdhub.protocol.call import Call
from crowdhub.protocol.declaration import NEUTRAL
from crowdhub.protocol.response import Response

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Next = TypeVar("Next")
Self_ = TypeVar("Self_")
P = ParamSpec("P")

Flow: TypeAlias = Generator[Call, Response, T]
"""What an operation's function is: it yields calls, is sent responses, and returns the result."""

MARK = "__crowdhub_operation__"


@dataclass(frozen=True)
class Lookup(Generic[T_co]):
    """How what a lost answer may have paid for is found again: all that a plugin says about it.

    ``look_for``: what a person has to look for, and where. ``find``: asks the marketplace (READ calls alone) for what
    a request that left at that moment made (None: whenever), given what ``before`` brought; it raises `Conflict`
    where what it sees may be another one's. ``before``: an operation that is run right before the request, for
    things that carry no mark of ours: what is there already was not made by it (after a crash it is None).
    ``marked``: what ``find`` finds carries the request's own reference, so that it is proven by itself. ``listing``:
    the tasks, among everything else that was ever put on the market: nothing can be proven absent without. ``among``:
    which of the listed tasks is the result; it stands in for ``find`` then. It is given those that carry the mark, or,
    where nothing is marked, those that were not listed right before the request.
    """

    look_for: str
    find: Callable[[datetime | None, Any], Operation[T_co | None] | Flow[T_co | None]] | None = None
    before: Callable[[], Operation[object]] | None = None
    marked: bool = False
    listing: Callable[[], Operation[Any]] | None = None
    among: Callable[[Sequence[Any]], T_co | None] | None = None

    @property
    def can_look(self) -> bool:
        """Whether anything but a person can look for it."""
        return self.find is not None or (self.listing is not None and self.among is not None)

    @property
    def compares(self) -> bool:
        """Whether it is found by what was there right before the request, so that a later program cannot look."""
        return self.before is not None or (self.listing is not None and not self.marked)


class Operation(Generic[T_co]):
    """One thing to ask of a marketplace: ``name``, ``arguments`` by their names, and how it is done.

    Nothing has happened yet: it is run by a market, or by ``yield from`` in another operation. One that is dropped
    without ever having been run warns, as a coroutine that was never awaited does.
    """

    __slots__ = ("_lookup", "_make", "_taken", "arguments", "name", "owner", "task_id")

    def __init__(
        self,
        name: str,
        make: Callable[..., Flow[T_co] | Operation[T_co]],
        arguments: Mapping[str, object],
        lookup: Callable[..., Lookup[T_co]] | Lookup[T_co] | None = None,
        owner: object = None,
        *,
        task_id: str | None = None,
    ) -> None:
        self.name = name
        self.owner = owner
        """Whose operation it is: the provider, or a part of it."""
        self.task_id = task_id
        """The task that it pays for, where no argument ``task``, ``task_id`` or ``submission`` tells it."""
        self.arguments = arguments
        self._make = make
        self._lookup = lookup
        self._taken = False

    @property
    def lookup(self) -> Lookup[T_co] | None:
        """How what a lost answer may have paid for is found again; None: by nothing but a person."""
        found = self._lookup
        if found is None or isinstance(found, Lookup):
            return cast("Lookup[T_co] | None", found)
        said = cast("object", found(**self.arguments))
        if said is not None and not isinstance(said, Lookup):
            raise TypeError(f"the lookup of {self.name!r} returned {said!r:.100}, not a Lookup")
        return cast("Lookup[T_co] | None", said)

    def __iter__(self) -> Flow[T_co]:
        self._taken = True
        made = self._make(**self.arguments)
        return iter(made) if isinstance(made, Operation) else made

    def taken(self) -> Self:
        """Say that somebody is responsible for it now, whether it will be run or refused."""
        self._taken = True
        return self

    def then(self, following: Callable[[], Flow[Next] | Operation[Next]]) -> Operation[Next]:
        """The next part of the same operation (the following page of a listing)."""
        self._taken = True
        return Operation(self.name, _Following(following), self.arguments, owner=self.owner).taken()

    def takes(self, parameter: str) -> bool:
        """Whether the operation can be given an argument of this name."""
        return parameter in inspect.signature(self._make).parameters

    def given(self, **arguments: object) -> Operation[T_co]:
        """The same operation with these arguments besides, or instead."""
        self._taken = True
        together = {**self.arguments, **arguments}
        return Operation(self.name, self._make, together, self._lookup, self.owner, task_id=self.task_id)

    @also_half_made
    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={reprlib.repr(value)}" for name, value in self.arguments.items())
        return f"<Operation {self.name}({arguments})>"

    def __del__(self) -> None:
        if not getattr(self, "_taken", True):
            warnings.warn(f"the operation {self.name!r} was made and never run", RuntimeWarning, stacklevel=2)


class _Following(Generic[T]):
    """Makes the next part of an operation, whatever its arguments were."""

    def __init__(self, following: Callable[[], Flow[T] | Operation[T]]) -> None:
        self._following = following

    def __call__(self, **_: object) -> Flow[T] | Operation[T]:
        return self._following()


@overload
def operation(
    function: Callable[Concatenate[Self_, P], Flow[T]], /
) -> Callable[Concatenate[Self_, P], Operation[T]]: ...
@overload
def operation(
    *, lookup: Callable[Concatenate[Self_, P], Lookup[T]]
) -> Callable[[Callable[Concatenate[Self_, P], Flow[T]]], Callable[Concatenate[Self_, P], Operation[T]]]: ...
def operation(
    function: Callable[..., Flow[object]] | None = None, /, *, lookup: Callable[..., Lookup[Any]] | None = None
) -> Callable[..., object]:
    """Make a method that is a flow into one that returns an `Operation`, named and bound as it was called.

    An operation that is the marketplace's own is only made of arguments of the declared types: `InvalidRequest`.
    ``lookup``: a method with the same parameters that says how a lost answer's purchase is found again.
    """

    def decorate(decorated: Callable[..., Flow[object]]) -> Callable[..., Operation[object]]:
        signature = inspect.signature(decorated)
        kinds = {each.kind for each in [*signature.parameters.values()][1:]}
        if inspect.Parameter.VAR_POSITIONAL in kinds or inspect.Parameter.POSITIONAL_ONLY in kinds:
            raise TypeError(f"the operation {decorated.__name__!r} must take each of its arguments by name")
        several = [name for name, each in signature.parameters.items() if each.kind is inspect.Parameter.VAR_KEYWORD]

        def make(self: object, *args: object, **kwargs: object) -> Operation[object]:
            arguments = dict(signature.bind(self, *args, **kwargs).arguments)
            del arguments[next(iter(arguments))]
            for name in several:
                arguments.update(arguments.pop(name, {}))
            found = partial(lookup, self) if lookup is not None else None
            return Operation(decorated.__name__, partial(decorated, self), arguments, found, owner=self)

        made: Callable[..., Operation[object]] = wraps(decorated)(make)
        if decorated.__name__ not in NEUTRAL:  # those are the market's to call, which has checked them
            made = checked_arguments(made)
        setattr(made, MARK, True)
        return made

    return decorate if function is None else decorate(function)


def is_operation(method: object) -> bool:
    """Whether a method was made by `operation`."""
    return getattr(method, MARK, False) is True


def no_call(value: T) -> Flow[T]:
    """A flow that needs no call."""
    return value
    yield  # pragma: no cover - makes this a generator


class OperationRun(Generic[T]):
    """Owns one run of an operation: starts it, feeds it, always closes it.

    ``call`` is what to send next (None: it has ended, and ``result`` holds its value).
    """

    __slots__ = ("_flow", "_result", "call", "ended", "name", "owner")

    def __init__(self, operation: Operation[T] | Flow[T]) -> None:
        given: object = operation
        if isinstance(operation, Operation):
            self.name = operation.name
            self.owner = operation.owner
            self._flow = iter(operation)
        elif inspect.isgenerator(given):
            if inspect.getgeneratorstate(given) != inspect.GEN_CREATED:
                raise RuntimeError(f"the flow {given.__name__!r} was already run; make a new one")
            self.name = given.__name__
            self.owner = None
            self._flow = operation
        else:
            raise TypeError(f"an operation is made by calling it (market.run(provider.balance())): got {operation!r}")
        self.ended = False
        self.call: Call | None = None

    @property
    def result(self) -> T:
        if not self.ended:
            raise RuntimeError(f"the operation {self.name!r} has not ended")
        return self._result

    def start(self) -> Call | None:
        try:
            self.call = self._asked(next(self._flow))
        except StopIteration as stop:
            self._end(stop.value)
        return self.call

    def send(self, response: Response) -> Call | None:
        try:
            self.call = self._asked(self._flow.send(response))
        except StopIteration as stop:
            self._end(stop.value)
        return self.call

    def throw(self, error: Exception) -> Call | None:
        try:
            self.call = self._asked(self._flow.throw(error))
        except StopIteration as stop:
            self._end(stop.value)
        return self.call

    def _asked(self, call: Call) -> Call:
        if not isinstance(call, Call):  # pyright: ignore[reportUnnecessaryIsInstance]
            self._flow.close()
            raise TypeError(f"the operation {self.name!r} yielded {call!r}; it yields single Calls only")
        return call

    def _end(self, value: T) -> None:
        self.ended = True
        self._result = value
        self.call = None

    def close(self) -> None:
        self._flow.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
