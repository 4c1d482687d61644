"""Everything at DEBUG: no key, token or signature in logs, reprs, errors, tracebacks, ledgers, pickles or warnings."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import anyio
import pytest

from crowdhub import AsyncHub, Decision, Hub, Money
from crowdhub.engine.redact import Redactor
from crowdhub.errors import CrowdhubError
from crowdhub.market import Market
from crowdhub.model import Capability, File, Submission, Task
from crowdhub.protocol import AnyProvider
from crowdhub.sandbox import Fault, Sandbox, sandbox_names
from crowdhub.testing import Subject
from crowdhub_capsolver.conformance import CapSolverSubject
from crowdhub_crowdsdom.conformance import CrowdSDOMSubject
from crowdhub_etxt.conformance import EtxtSubject
from crowdhub_mturk.conformance import MTurkSubject
from crowdhub_prolific.conformance import ProlificSubject
from crowdhub_rapidworkers.conformance import RapidWorkersSubject
from tests.secrets.conftest import OpenBox, note_signatures
from tests.secrets.evidence import Evidence, forms

SUBJECTS: dict[str, type[Subject]] = {
    kind.provider: kind
    for kind in (
        RapidWorkersSubject,
        CrowdSDOMSubject,
        EtxtSubject,
        CapSolverSubject,
        MTurkSubject,
        ProlificSubject,
    )
}
PUBLISH = {
    "rapidworkers": "/jobs/add",
    "crowdsdom": "/jobs$",
    "etxt": "saveTask",
    "capsolver": "/createTask",
    "mturk": "CreateHIT$",
    "prolific": "/studies/$",
}
ERRORS = {
    "rapidworkers": {"allow_engagement_jobs": "what?"},
    "crowdsdom": {"account_url": "https://elsewhere.example"},
    "etxt": {"reads_by_get": "what?"},
    "capsolver": {"appid": "a wrong name"},
    "mturk": {"environment": "somewhere"},
    "prolific": {"currency": "what?"},
}
FAULTS = [
    Fault.status(400),
    Fault.status(401),
    Fault.status(402),
    Fault.status(403),
    Fault.status(404),
    Fault.status(409),
    Fault.status(500, "after"),
    Fault.status(503),
    Fault.rate_limit(9999),
    Fault.drop("after"),
    Fault.reset("before"),
    Fault.truncate(),
    Fault.html(),
    Fault.hang("after"),
]


class Everything:
    """Does all that a market can do, and keeps what came of it."""

    def __init__(self, evidence: Evidence, subject: Subject, box: Sandbox) -> None:
        self.evidence = evidence
        self.subject = subject
        self.box = box
        self.side = box[subject.provider]
        self.done: dict[str, int] = {"results": 0, "errors": 0}

    def __call__(self, operation: Callable[[], object]) -> Any:
        try:
            result = operation()
            if inspect.isgenerator(result):
                result = list(result)
        except (CrowdhubError, ValueError, TypeError) as error:
            self.evidence.error(error)
            self.done["errors"] += 1
            return None
        for each in _each(result):
            self.evidence.result(each)
        self.done["results"] += 1
        return result

    def all_of(self, market: Market[AnyProvider]) -> None:
        subject, draft = self.subject, self.subject.draft()
        for thing in (market, market.provider, market.provider.settings, market.capabilities):
            self.evidence.add(f"repr of {type(thing).__name__}", repr(thing), str(thing))
        self.evidence.add(
            "settings", market.provider.settings.model_dump_json(), repr(market.provider.settings.model_dump())
        )
        self(market.balance)
        self(lambda: market.estimate(draft))
        self(lambda: market.publish(draft, dry_run=True))
        task = self(lambda: market.publish(draft, key="one"))
        self(lambda: market.publish(draft, key="one"))
        self(lambda: market.publish(draft.copy_with(title="Another", slots=2), key="one"))
        self(lambda: market.publish(draft.copy_with(slots=0, title="", reward=Money(0, "EUR"))))
        self.work_of(market, task)
        self(market.tasks)
        self(lambda: market.task(subject.unknown_id))
        self(lambda: market.task("../x"))
        self(market.recover)
        self(lambda: market.request_budget())

    def work_of(self, market: Market[AnyProvider], task: Task) -> None:
        subject = self.subject
        subject.hand_in(self.side, task.id)
        self(lambda: market.task(task))
        works: list[Submission] = self(lambda: market.submissions(task)) or []
        for work in works:
            self(partial(market.approve, work, "Well done"))
            self(partial(market.approve, work))
            self(partial(market.reject, work, "Too late"))
            self(partial(market.request_redo, work, "Again"))
            self(partial(market.review, [Decision.approve(work)]))
            self(partial(market.pay_bonus, work, subject.bonus(work, market.currency), "Good", key="bonus"))
            self(partial(market.download, work, Path("files")))
            self(partial(market.worker, work))
            self(partial(market.block, work, "why"))
            self(market.blocked_workers)
            self(partial(market.unblock, work))
        self(lambda: market.download(File(url="https://127.0.0.1/x?key=1"), Path("files")))
        self(lambda: list(market.watch([task], rounds=1)))
        self(lambda: market.cancel(task))
        if Capability.APPLICATIONS in market.capabilities:
            other = market.publish(subject.draft())
            subject.apply(self.side, other.id, 2)
            first, second = self(lambda: market.applications(other))
            self(lambda: market.accept(first))
            self(lambda: market.decline(second))

    def faults_of(self, market: Market[AnyProvider]) -> None:
        """Errors of every kind, and lost answers, of something that reads and of something that spends."""
        faults, draft = self.side.faults, self.subject.draft()
        reads = (
            market.balance
            if Capability.BALANCE in market.capabilities
            else lambda: market.task(self.subject.unknown_id)
        )
        for number, fault in enumerate(FAULTS):
            if fault.kind != "hang":
                faults.add(fault, times=None)
                self(reads)
                faults.clear()
            faults.add(fault, path=PUBLISH[market.provider.name], method="POST")
            self(partial(market.publish, draft, key=f"fault {number}"))
            faults.clear()
            self.side.faults.release()
        self(market.recover)


def _each(result: object) -> list[object]:
    return cast("list[object]", result) if isinstance(result, list) else [result]


@pytest.mark.parametrize("name", SUBJECTS)
def test_nothing_shows_a_secret(name: str, evidence: Evidence, open_box: OpenBox, own_place: Path) -> None:
    assert set(SUBJECTS) == set(sandbox_names())
    subject = SUBJECTS[name]()
    box, clock = open_box(name, **{name: dict(subject.sandbox_options)})
    account = box.accounts[name]
    options: dict[str, Any] = {"clock": clock, "timeout": 0.4}
    if name != "capsolver":  # which tells no prices, so that nothing could be spent within a budget
        options["budget"] = {"USD": "400", "CNY": "9000", "RUB": "9000", "GBP": "400"}
    everything = Everything(evidence, subject, box)
    import_module("sqlalchemy")  # sets levels of its own when it is imported
    with evidence.watching():
        with Hub(box.accounts, ledger=own_place / "ledger.sqlite3", **options) as hub:
            market = hub[name]
            everything.all_of(market)
            everything.faults_of(market)
            evidence.files(own_place)  # with what is not yet in the database itself
            evidence.reachable(hub, market, market.provider, everything.evidence.errors)
            evidence.add("repr of hub", repr(hub), str(hub), repr(vars(hub)), repr(vars(market)))
        poor: dict[str, Any] = {**options, "budget": {market.currency: "0.01"}}
        with Hub(box.accounts, ledger=own_place / "ledger.sqlite3", **poor) as hub:
            everything(lambda: hub[name].publish(subject.draft()))
        with Hub(box.accounts, ledger=own_place / "ledger.sqlite3", confirm=lambda spend: False, **options) as hub:
            everything(lambda: hub[name].publish(subject.draft()))
        with Hub({name: {**account, **ERRORS[name]}}, clock=clock) as hub:
            everything(lambda: hub[name])
        secrets = [setting for setting, value in account.items() if value in evidence.secrets]
        assert secrets
        wrong = {setting: account[setting][::-1] + "wrong" for setting in secrets}
        evidence.secrets |= set(wrong.values())
        with Hub({name: {**account, **wrong}}, clock=clock) as hub:
            everything(
                lambda: hub[name].balance() if Capability.BALANCE in hub[name].capabilities else list(hub[name].tasks())
            )
        base_urls = (
            "http://elsewhere.example",
            "https://[",
            f"https://user:{account[secrets[0]]}@x.example",
            account[secrets[0]],
        )
        for base_url in base_urls:
            with Hub({name: {**account, "base_url": base_url}}, clock=clock) as hub:
                everything(partial(hub.__getitem__, name))
        anyio.run(asynchronously, everything, box.accounts, options)
        evidence.files(own_place)
    if name == "etxt":
        assert note_signatures(evidence, box) >= 1
    assert everything.done["results"] >= 8
    assert everything.done["errors"] >= 25
    assert any(where.startswith("log of httpcore") for where in evidence.texts)
    assert any(where.startswith("log of sqlalchemy") for where in evidence.texts)
    assert any("ledger.sqlite3-wal" in where for where in evidence.texts)
    assert evidence.leaks() == {}


async def asynchronously(
    everything: Everything, accounts: dict[str, dict[str, object]], options: dict[str, Any]
) -> None:
    name = everything.subject.provider
    without_budget: dict[str, Any] = {**options, "budget": None}
    async with AsyncHub(accounts, **without_budget) as hub:
        market = hub[name]
        for fault in (None, Fault.status(401), Fault.status(500), Fault.truncate(), Fault.reset("after")):
            for operation in (market.balance, lambda: market.publish(everything.subject.draft())):
                if fault is not None:
                    everything.side.faults.add(fault, times=None)
                try:
                    everything.evidence.result(await operation())
                except CrowdhubError as error:
                    everything.evidence.error(error)
                everything.side.faults.clear()
        everything.evidence.reachable(hub, market)


def test_the_search_finds_what_it_is_for(evidence: Evidence) -> None:
    """Each way in which a key could be shown is one that the search sees."""
    secret = 'the&key/+é"1'
    evidence.secrets.add(secret)
    ways: dict[str, Callable[[], object]] = {}
    for number, form in enumerate(sorted(forms(secret))):
        ways[f"form {number}"] = partial(evidence.add, "text", f"a {form} b")
    ways["a cause"] = lambda: evidence.error(_chained(secret))
    ways["a member"] = lambda: evidence.error(CrowdhubError("x", provider_code=secret))
    ways["an object"] = lambda: evidence.reachable(_Thing(secret), *(_Thing(str(n)) for n in range(60)))
    for way, do in ways.items():
        evidence.texts.clear()
        do()
        assert evidence.leaks(), way
    evidence.texts.clear()
    evidence.reachable(Redactor([secret]), *(_Thing(str(n)) for n in range(60)))
    assert evidence.leaks() == {}


class _Thing:
    __module__ = "crowdhub.test"

    def __init__(self, text: str) -> None:
        self.inner = {"deep": [text]}


def _chained(secret: str) -> CrowdhubError:
    try:
        try:
            raise KeyError(secret)
        except KeyError as inner:
            raise CrowdhubError("outer") from inner
    except CrowdhubError as error:
        return error
