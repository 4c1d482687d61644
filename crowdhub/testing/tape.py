"""What a flow asked and was answered; and the same flow again on answers that were tampered with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import simplejson

from crowdhub.engine import classify, http
from crowdhub.errors import CrowdhubError, ProviderUnavailable
from crowdhub.protocol import Call, Effect, Flow, FlowRun, Provider

T = TypeVar("T")
LONGEST = 60  # calls that a flow may make on tampered answers before they are cut off


@dataclass
class Tape:
    """The calls that a flow made and the good answers it got, in order; the errors, by the number of their call."""

    calls: list[Call] = field(default_factory=list[Call])
    answers: list[http.Response] = field(default_factory=list[http.Response])
    errors: dict[int, CrowdhubError] = field(default_factory=dict[int, CrowdhubError])

    def record(self, flow: Flow[T]) -> Flow[T]:
        """The same flow, written down as it goes."""
        with FlowRun(flow) as run:
            call = run.start()
            while call is not None:
                self.calls.append(call)
                try:
                    answer = yield call
                except CrowdhubError as error:
                    self.errors[len(self.calls) - 1] = error
                    call = run.throw(error)
                else:
                    self.answers.append(answer)
                    call = run.send(answer)
            return run.result

    def changing(self, key: Callable[[Call], object]) -> list[tuple[Call, int]]:
        """The calls that are more than a reading, and how many earlier ones had the same method and ``key``."""
        found: list[tuple[Call, int]] = []
        for number, call in enumerate(self.calls):
            if call.effect is not Effect.READ:
                same = sum(e.method == call.method and key(e) == key(call) for e in self.calls[:number])
                found.append((call, same))
        return found


def fresh(provider: Provider[Any]) -> Provider[Any]:
    """The same account's provider, as new."""
    made = type(provider)(provider.settings, account=provider.account)
    made.now = provider.now
    return made


def replay(
    provider: Provider[Any],
    flow: Flow[T],
    answers: Sequence[http.Response],
    errors: Mapping[int, CrowdhubError] | None = None,
) -> T:
    """Run a flow by hand on these answers, judged as the engine does; after the last one nothing answers any more.
    ``errors``: what is thrown in place of an answer, by the number of the call."""
    left = iter(answers)
    with FlowRun(flow) as run:
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
            failure = classify.of_answer(provider, call, answer, provider.now())
            call = run.send(answer) if failure is None else run.throw(failure.error)
        if call is None:
            return run.result
    raise AssertionError(f"the flow still asks after {LONGEST} calls, most of them failed")


def with_body(answer: http.Response, body: bytes) -> http.Response:
    """The same answer with another body."""
    headers = [(k, v) for k, v in answer.headers.multi_items() if k not in ("content-length", "content-encoding")]
    return http.Response(answer.status_code, headers=headers, content=body)


def data_of(answer: http.Response) -> Any:
    """The JSON of an answer, with exact numbers."""
    return simplejson.loads(answer.content, use_decimal=True)


def with_data(answer: http.Response, data: Any) -> http.Response:
    return with_body(answer, simplejson.dumps(data, use_decimal=True).encode())


def altered(data: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Decoded JSON in which every object has been passed through ``change``, the inner ones first."""
    if isinstance(data, dict):
        given = cast("dict[str, Any]", data)
        return change({name: altered(value, change) for name, value in given.items()})
    if isinstance(data, list):
        return [altered(each, change) for each in cast("list[Any]", data)]
    return data


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value in decoded JSON; of long lists only the first two."""
    if path:
        yield path
    if isinstance(data, dict):
        for name, value in cast("dict[str, Any]", data).items():
            yield from places(value, (*path, name))
    elif isinstance(data, list):
        for number, value in enumerate(cast("list[Any]", data)[:2]):
            yield from places(value, (*path, number))


def replaced(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of decoded JSON with another value in one place."""
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(data, dict):
        members = cast("dict[str, Any]", data)
        return {**members, first: replaced(members[first], rest, value)}
    items = cast("list[Any]", data)
    return [*items[:first], replaced(items[first], rest, value), *items[first + 1 :]]
