"""Whole accounts whose marketplace adds to its answers what nobody expects: a result, or one of our errors, from every
verb; and what may have been paid stays in the ledger."""

# ruff: noqa: PT017 - either end is good, and looked at

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import cast, overload

import pytest

from crowdhub.engine import http
from crowdhub.engine.client import Began, HttpClient
from crowdhub.engine.download import fetch
from crowdhub.errors import CrowdhubError, InvalidRequest, OutcomeUnknown, UnreadableResponse
from crowdhub.model import Capability, Submission, Task
from crowdhub.operations.checks import looking_at_answers
from crowdhub.protocol import Flow, Operation, Page, Response, no_call
from crowdhub.sandbox import Fault
from crowdhub.testing.bench import Bench
from crowdhub.testing.recording import script_names
from crowdhub.testing.subject import load
from crowdhub.testing.tape import Json

PLACE = "@@ADDED@@"
DEEP = {f"deep {depth}": b"[" * depth + b"]" * depth for depth in (150, 900)}
LINKS = {
    "no address": b'"http://["',
    "no punycode": b'"https://xn--/a.png"',
    "no port": b'"https://h:99999999/"',
    "long": b'"http://x/?' + b"a=b&" * 17_000 + b'"',
}
CASES = [(label, raw, name) for label, raw in LINKS.items() for name in ("next", "url")] + [
    (label, raw, "zzNew") for label, raw in DEEP.items()
]
HOWS = ("member", "row", "page")


class Growing:
    """The HTTP client of an account; what good answers it brings has grown."""

    def __init__(self, inner: HttpClient, grow: Callable[[bytes], bytes]) -> None:
        self._inner, self._grow = inner, grow

    async def send(self, request: http.Request, began: Began) -> Response:
        answer = await self._inner.send(request, began)
        if answer.status_code >= 300:
            return answer
        return Response(answer.status_code, headers=dict(answer.headers), content=self._grow(answer.content))

    async def close(self) -> None:
        await self._inner.close()


def grown(value: Json, name: str, how: str) -> Json:
    """Every object with a member more, or every list with rows more."""
    if isinstance(value, dict):
        inner: dict[str, Json] = {key: grown(each, name, how) for key, each in value.items()}
        return {**inner, name: PLACE} if how == "member" else inner
    if not isinstance(value, list):
        return value
    rows = [grown(each, name, how) for each in value]
    like = [{**each, name: PLACE} for each in rows if isinstance(each, dict)][:1]
    return [{name: PLACE, "id": 7}, *rows, *like, PLACE] if how == "row" else rows


def grow(body: bytes, raw: bytes, name: str, how: str) -> bytes:
    try:
        value = cast("Json", json.loads(body))
    except ValueError:
        return body
    whole: Json = {"count": 5, "next": PLACE, "results": value} if how == "page" and isinstance(value, list) else value
    return json.dumps(grown(whole, name, how)).encode().replace(f'"{PLACE}"'.encode(), raw)


def verbs(bench: Bench, task: Task, folder: Path) -> Iterable[Callable[[], object]]:
    market = bench.market

    def files() -> None:
        for each in market.submissions(task.id):
            market.download(each, folder)

    if bench.has(Capability.TASKS):
        yield lambda: list(market.tasks())
    if bench.has(Capability.BALANCE):
        yield market.balance
    yield lambda: market.task(task.id)
    yield files
    yield lambda: market.publish(bench.draft(), key="other")
    yield market.recover


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} in {case[2]}")
@pytest.mark.parametrize("provider", script_names())
def test_what_is_added_makes_no_foreign_error(
    provider: str, case: tuple[str, bytes, str], how: str, tmp_path: Path
) -> None:
    _, raw, name = case
    with Bench(load(provider)) as bench:
        task = bench.publish()
        if bench.has(Capability.APPROVE):
            bench.subject.hand_in(bench.sandbox, task.id, 1)
        engine = bench.market._engine
        engine._client = Growing(engine._client, lambda body: grow(body, raw, name, how))
        bench.sandbox.faults.add(Fault.drop("after"), method="POST")
        before = bench.since()
        try:
            bench.market.publish(bench.draft(), key="k")
        except OutcomeUnknown:
            assert [each.state.value for each in bench.entries().values() if each.key == "k"] == ["unknown"]
        except CrowdhubError as error:
            assert before.moved().nothing or error.money_may_be_spent, repr(error)
        for verb in verbs(bench, task, tmp_path):
            try:
                verb()
            except CrowdhubError as error:
                assert len(str(error)) < 20_000
                assert "sandbox-not-a-real" not in str(error)
        bench.agree()


LINKS_OF_WORKERS = [
    "https://xn--/a.png",
    "https://xn--a/b",
    "http://[",
    "https://\u202e.x/",
    f"https://{'a' * 70}.de/",
    "//",
    "",
]


@pytest.mark.parametrize("link", LINKS_OF_WORKERS)
def test_a_workers_link_is_refused_in_words(link: str, tmp_path: Path) -> None:
    with pytest.raises(CrowdhubError) as caught:
        fetch(link, tmp_path, "name.png")
    assert not list(tmp_path.iterdir())
    assert isinstance(caught.value, InvalidRequest) or "not known" in str(caught.value)


class Stumbling(Sequence[Submission]):
    """Items that cannot be made of the answer, as is found when they are looked at."""

    def __len__(self) -> int:
        return 1

    @overload
    def __getitem__(self, place: int) -> Submission: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Submission]: ...
    def __getitem__(self, place: int | slice) -> Submission | Sequence[Submission]:
        raise RecursionError("too deep")


def test_a_page_that_stumbles_when_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a plugin makes of a page is looked at outside of the operation that asked for it."""

    def submissions(*_: object, **__: object) -> Operation[Page[Submission]]:
        return Operation("submissions", lambda: no_call(Page(Stumbling())), {})

    with Bench(load("crowdsdom")) as bench:
        monkeypatch.setattr(bench.provider, "submissions", submissions)
        with pytest.raises(UnreadableResponse, match="RecursionError: too deep"):
            list(bench.market.submissions("7"))


def test_an_operation_that_stumbles_before_its_first_call() -> None:
    """One that makes no call is no generator: it is carried out where its run begins."""

    def make() -> Flow[object]:
        raise ValueError("http://[")

    with Bench(load("crowdsdom")) as bench, pytest.raises(InvalidRequest, match="ValueError"):
        bench.market.run(Operation("estimate", make, {}, owner=bench.provider))


def test_our_own_errors_pass() -> None:
    with Bench(load("crowdsdom")) as bench, pytest.raises(OutcomeUnknown), looking_at_answers(bench.provider):
        raise OutcomeUnknown("lost")
