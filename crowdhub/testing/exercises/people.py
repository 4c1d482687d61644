"""Exercises about the people, and about the account."""

from __future__ import annotations

from crowdhub.model import Application, Capability, Money, Worker
from crowdhub.testing.bench import Bench
from crowdhub.testing.exercises.exercise import Exercise, listing_of, result_of
from crowdhub.testing.exercises.work import accepted
from crowdhub.testing.walk import one


def message(bench: Bench) -> Exercise:
    who, text = accepted(bench).worker, "Do you have time for another one tomorrow?"
    before = len(bench.subject.messages(bench.sandbox, who.id))

    def check(result: object) -> None:
        assert result is None, f"a message brings nothing back, but the result is {result!r}"
        sent = list(bench.subject.messages(bench.sandbox, who.id))[before:]
        assert len(sent) == 1, f"one message was written, the sandbox has {len(sent)}"
        assert text in sent[0], f"{text!r} was written, {sent[0]!r} arrived"

    return Exercise(lambda m: m.message(who, text), lambda p: p.message(who.id, text), check)


def worker(bench: Bench) -> Exercise:
    who = bench.pending()[0].worker

    def check(result: Worker) -> None:
        assert result.id == who.id

    return Exercise(lambda m: m.worker(who), lambda p: p.worker(who.id), result_of(Worker, check), reads=True)


def _blocked(bench: Bench) -> int | None:
    if not bench.has(Capability.BLOCKED_WORKERS):
        return None
    return sum(1 for _ in bench.scene.blocked_workers())


def block(bench: Bench) -> Exercise:
    who, before = bench.pending()[0].worker, _blocked(bench)

    def check(result: Worker) -> None:
        assert result.id == who.id
        assert before is None or _blocked(bench) == before + 1, "blocked, but not in the list of blocked workers"
        assert bench.scene.block(who).id == who.id, "to block twice is a success"

    return Exercise(lambda m: m.block(who), lambda p: p.block(who.id), result_of(Worker, check))


def unblock(bench: Bench) -> Exercise:
    who = bench.pending()[0].worker
    _ = bench.scene.block(who)
    before = _blocked(bench)

    def check(result: Worker) -> None:
        assert result.id == who.id
        assert before is None or _blocked(bench) == before - 1, "unblocked, but still in the list of blocked workers"
        assert bench.scene.unblock(who).id == who.id, "to unblock whoever is not blocked is a success"

    return Exercise(lambda m: m.unblock(who), lambda p: p.unblock(who.id), result_of(Worker, check))


def blocked_workers(bench: Bench) -> Exercise:
    before = _blocked(bench) or 0
    for each in bench.pending(2):
        _ = bench.scene.block(each.worker)

    def check(found: list[Worker]) -> None:
        assert len({each.id for each in found}) == before + 2

    return Exercise(lambda m: m.blocked_workers(), lambda p: p.blocked_workers(), listing_of(Worker, check), reads=True)


def applications(bench: Bench) -> Exercise:
    made = bench.publish()
    bench.subject.apply(bench.sandbox, made.id, 2)

    def check(found: list[Application]) -> None:
        assert len({each.id for each in found}) == 2
        assert {each.task_id for each in found} == {made.id}

    return Exercise(
        lambda m: m.applications(made), lambda p: p.applications(made.id), listing_of(Application, check), reads=True
    )


def accept(bench: Bench) -> Exercise:
    (asked,) = bench.applications()

    def check(result: Application) -> None:
        assert result.id == asked.id

    return Exercise(lambda m: m.accept(asked), lambda p: p.accept(asked), result_of(Application, check))


def decline(bench: Bench) -> Exercise:
    (asked,) = bench.applications()

    def check(result: Application) -> None:
        assert result.id == asked.id
        left = [each for each in bench.scene.applications(asked.task_id) if each.id == asked.id]
        assert all(each.status != asked.status for each in left), "declined, but it is listed as before"

    return Exercise(lambda m: m.decline(asked), lambda p: p.decline(asked), result_of(Application, check))


def balance(bench: Bench) -> Exercise:
    def check(result: object) -> None:
        found, books = one(result, Money), bench.sandbox.books()
        assert found == Money(books.balance, books.currency), f"{found} is told, the sandbox has {books.balance}"

    return Exercise(lambda m: m.balance(), lambda p: p.balance(), check, reads=True)
