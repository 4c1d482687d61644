"""What an operation asked and was answered; and the same operation again on answers that were tampered with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias, TypeVar

import simplejson

from crowdhub.engine import classify
from crowdhub.engine.redact import Redactor
from crowdhub.errors import CrowdhubError, ProviderUnavailable
from crowdhub.model import Money
from crowdhub.protocol import AnyProvider, Call, Effect, Flow, Operation, OperationRun, Response, Token
from crowdhub.testing.moved import Moved, Since

T = TypeVar("T")
LONGEST = 60  # calls that an operation may make on tampered answers before it is cut off

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | Decimal | bool | None"
Step: TypeAlias = str | int


@dataclass
class Tape:
    """The calls that an operation made and the good answers it got, in order; the errors, the money that moved
    and the balance that was left, by the number of their call. ``since`` makes the watch on the sandbox's books."""

    since: Callable[[], Since] | None = None
    calls: list[Call] = field(default_factory=list[Call])
    answers: list[Response] = field(default_factory=list[Response])
    errors: dict[int, CrowdhubError] = field(default_factory=dict[int, CrowdhubError])
    moved: dict[int, Moved] = field(default_factory=dict[int, Moved])
    left: dict[int, Money] = field(default_factory=dict[int, Money])

    def record(self, operation: Operation[T]) -> Operation[T]:
        """The same operation, written down as it goes."""
        _ = operation.taken()

        def make(**_: object) -> Flow[T]:
            return self._recorded(operation)

        return Operation(operation.name, make, operation.arguments, operation.lookup)

    def _recorded(self, operation: Operation[T]) -> Flow[T]:
        with OperationRun(operation) as run:
            call = run.start()
            while call is not None:
                number = len(self.calls)
                self.calls.append(call)
                since = self.since() if self.since is not None else None
                answer: Response | CrowdhubError
                try:
                    answer = yield call
                except CrowdhubError as error:
                    answer = error
                if since is not None:
                    self.moved[number], self.left[number] = since.moved(), since.balance()
                if isinstance(answer, Response):
                    self.answers.append(answer)
                    call = run.send(answer)
                else:
                    self.errors[number] = answer
                    call = run.throw(answer)
            return run.result

    def changes(self) -> list[Call]:
        """The calls that are more than a reading."""
        return [each for each in self.calls if each.effect is not Effect.READ]


@dataclass(frozen=True)
class Played:
    """An operation that went well once: ``make`` makes it anew for a provider."""

    provider: AnyProvider
    make: Callable[[AnyProvider], Operation[object]]
    tape: Tape
    result: object
    token: Token | None
    """The one that the account had, where it has tokens."""
    reads: bool

    def again(self, answers: Sequence[Response]) -> object:
        """What the operation makes of other answers, on a provider that knows nothing of the first ones."""
        provider = fresh(self.provider)
        return replay(provider, self.make(provider), answers, self.tape.errors)


def fresh(provider: AnyProvider) -> AnyProvider:
    """The same account's provider, as new."""
    made = type(provider)(provider.settings, account=provider.account)
    made.now = provider.now
    return made


def replay(
    provider: AnyProvider,
    operation: Operation[T] | Flow[T],
    answers: Sequence[Response],
    errors: Mapping[int, CrowdhubError] | None = None,
) -> T:
    """Run an operation by hand on these answers, judged as the engine does; after the last one nothing answers any
    more. ``errors``: what is thrown in place of an answer, by the number of the call."""
    left = iter(answers)
    with OperationRun(operation) as run:
        call = run.start()
        for number in range(LONGEST):
            if call is None:
                return run.result
            if errors is not None and number in errors:
                call = run.throw(errors[number])
                continue
            answer = next(left, None)
            if answer is None:
                call = run.throw(ProviderUnavailable("The tape has ended."))
                continue
            failure = classify.of_answer(provider, call, answer, provider.now(), Redactor().beginning)
            call = run.send(answer) if failure is None else run.throw(failure.error)
        if call is None:
            return run.result
    raise AssertionError(f"the operation still asks after {LONGEST} calls, most of them failed")


# --- changing answers


def with_body(answer: Response, body: bytes) -> Response:
    """The same answer with another body."""
    headers = [(k, v) for k, v in answer.headers.items() if k not in ("content-length", "content-encoding")]
    return Response(answer.status_code, headers=headers, content=body)


def data_of(answer: Response) -> Json:
    """The JSON of an answer, with exact numbers; None where it has none."""
    try:
        data: Json = simplejson.loads(answer.content, use_decimal=True)
    except ValueError:
        return None
    return data


def with_data(answer: Response, data: Json) -> Response:
    """The same answer with other JSON; as it is where it had none."""
    if not answer.content:
        return answer
    return with_body(answer, simplejson.dumps(data, use_decimal=True).encode())


def altered(data: Json, change: Callable[[dict[str, Json]], Mapping[str, Json]]) -> Json:
    """Decoded JSON in which every object has been passed through ``change``, the inner ones first."""
    if isinstance(data, dict):
        return change({name: altered(value, change) for name, value in data.items()})
    if isinstance(data, list):
        return [altered(each, change) for each in data]
    return data


def places(data: Json, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """The place of every value in decoded JSON; of long lists only the first two."""
    if path:
        yield path
    if isinstance(data, dict):
        for name, value in data.items():
            yield from places(value, (*path, name))
    elif isinstance(data, list):
        for number, value in enumerate(data[:2]):
            yield from places(value, (*path, number))


def replaced(data: Json, path: Sequence[Step], value: Json) -> Json:
    """A copy of decoded JSON with another value in one place."""
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(data, dict) and isinstance(first, str):
        return {**data, first: replaced(data[first], rest, value)}
    if isinstance(data, list) and isinstance(first, int):
        return [*data[:first], replaced(data[first], rest, value), *data[first + 1 :]]
    raise KeyError(f"there is no place {path!r}")
