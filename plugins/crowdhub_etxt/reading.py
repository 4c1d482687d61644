"""Orders, results and applications as the neutral model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypedDict
from urllib.parse import urljoin

from crowdhub import protocol
from crowdhub.model import Application, File, Submission, SubmissionStatus, Task, TaskStatus, Worker, country_code
from crowdhub.protocol import Identity
from crowdhub_etxt.codes import OrderStatus, ResultStatus
from crowdhub_etxt.functions.orders import (
    ArchivedOrder,
    ArchivedResult,
    NoteInfo,
    OrderBase,
    OrderInfo,
    ResultFile,
    ResultInfo,
)
from crowdhub_etxt.functions.users import Listed, Profile

LINKS_LIVE = timedelta(days=1)
"""About how long the link of a result's file works, from the request that told it."""

MARK_LENGTH = 40
"""Characters of a description that are kept for the mark of a draft's reference."""

# Not only at the end: words given on accepting an application are added after it.
_MARK = re.compile(r"\[ref ([0-9A-Za-z-]{6,64})\]")


def marked(text: str, reference: str | None) -> str:
    """``text`` with the reference at its end; performers see it, and it means nothing to them."""
    return f"{text}\n\n[ref {reference}]" if reference else text


def unmarked(text: str | None) -> tuple[str | None, str | None]:
    """The text without its mark, and the reference."""
    found = _MARK.search(text) if text else None
    return (text[: found.start()].rstrip() + text[found.end() :], found[1]) if text and found else (text, None)


def carries(order: OrderBase, reference: str | None) -> bool:
    """Whether an order is marked with this reference."""
    if reference is None:
        return False
    return unmarked(order.description)[1] == reference or protocol.carries(order.raw, reference)


class Counters(TypedDict, total=False):
    """What of a task's counters an order tells."""

    slots: int | None
    remaining: int | None
    in_progress: int | None
    pending: int | None
    approved: int | None


def task_status(order: OrderInfo) -> TaskStatus:
    if order.status is OrderStatus.WAITING:
        if order.public is not False:
            return TaskStatus.OPEN
        # A multiple order that gave out its last one leaves the market by itself; else it is a draft.
        return TaskStatus.FULL if order.multitask and order.multicount == 0 else TaskStatus.DRAFT
    known = {
        OrderStatus.IN_WORK: TaskStatus.FULL,
        OrderStatus.UNDER_REVIEW: TaskStatus.FULL,
        OrderStatus.DONE: TaskStatus.COMPLETED,
        OrderStatus.OVERDUE: TaskStatus.EXPIRED,
    }
    return known.get(order.status, TaskStatus.UNKNOWN) if order.status is not None else TaskStatus.UNKNOWN


def task_of(order: OrderInfo, identity: Identity) -> Task:
    """An order. Of a multiple one the marketplace tells only how many it can still give out (``remaining``)."""
    waits = order.status is OrderStatus.WAITING
    counters = Counters(
        slots=1,
        remaining=int(waits),
        in_progress=int(order.status is OrderStatus.IN_WORK),
        pending=int(order.status is OrderStatus.UNDER_REVIEW),
        approved=int(order.status is OrderStatus.DONE),
    )
    if order.multitask:
        counters = Counters(remaining=order.multicount)
    return _task(order, task_status(order), identity, counters)


def archived_task_of(order: ArchivedOrder, identity: Identity) -> Task:
    return _task(order, TaskStatus.COMPLETED, identity, Counters(remaining=0))


def _task(order: OrderBase, status: TaskStatus, identity: Identity, counters: Counters) -> Task:
    instructions, reference = unmarked(order.description)
    return Task(
        id=str(order.id),
        **identity,
        title=order.title,
        instructions=instructions,
        reward=order.price,
        status=status,
        **counters,
        category=str(order.id_category) if order.id_category is not None else None,
        created_at=order.date,
        expires_at=order.deadline,
        reference=reference,
        raw=order.raw,
    )


def latest(results: Sequence[ResultInfo]) -> ResultInfo | None:
    """The result that counts: an order has one more each time it was done again."""
    return max(results, key=lambda each: (each.date or datetime.min.replace(tzinfo=UTC), each.id), default=None)


def submission_of(
    order: OrderInfo, results: Sequence[ResultInfo], task_id: str, identity: Identity, now: datetime, base_url: str
) -> Submission | None:
    """The work on one order: its id is the order's, the result's own stands in ``raw["results"]`` (the latest last).

    None where nobody works on it. A worker who is not told has no id.
    """
    last = latest(results)
    performer = (last.id_user if last else None) or order.id_user
    if not performer and last is None:
        return None
    status = submission_status(order.status, last.status if last else None)
    work = Submission(
        id=str(order.id),
        task_id=task_id,
        **identity,
        worker=Worker(id=str(performer or "")),
        status=status,
        raw={
            "order": dict(order.raw),
            "results": [dict(each.raw) for each in sorted(results, key=lambda r: r is last)],
        },
    )
    if last is None:
        return work
    return work.copy_with(
        submitted_at=last.date,
        text=last.comment,
        files=_files(last.all_files(), now, base_url),
        quality=last.figures() or None,
        amount_paid=order.price if status is SubmissionStatus.APPROVED else None,
    )


def submission_status(order: OrderStatus | None, result: ResultStatus | None) -> SubmissionStatus:
    match result:
        case ResultStatus.UNDER_REVIEW:
            return SubmissionStatus.PENDING
        case ResultStatus.ACCEPTED:
            return SubmissionStatus.APPROVED
        case ResultStatus.REJECTED:
            # The same performer does it again, unless the order went back to the market.
            waits = order is OrderStatus.WAITING
            return SubmissionStatus.REJECTED if waits else SubmissionStatus.REDO
        case None:
            return SubmissionStatus.IN_PROGRESS if order is OrderStatus.IN_WORK else SubmissionStatus.UNKNOWN
        case _:
            return SubmissionStatus.UNKNOWN


def archived_submission_of(
    order: ArchivedOrder, results: Sequence[ArchivedResult], identity: Identity, now: datetime, base_url: str
) -> Submission | None:
    """The work on an archived order: accepted, with its text."""
    last = max(results, key=lambda each: each.date or datetime.min.replace(tzinfo=UTC), default=None)
    if last is None:
        return None
    return Submission(
        id=str(order.id),
        task_id=str(order.id),
        **identity,
        worker=Worker(id=str(last.id_user or order.id_user or 0)),
        status=SubmissionStatus.APPROVED,
        submitted_at=last.date,
        text=last.content or last.comment,
        files=_files(last.files, now, base_url),
        amount_paid=order.price,
        raw={"order": dict(order.raw), "results": [dict(each.raw) for each in results]},
    )


def _files(files: Sequence[ResultFile], now: datetime, base_url: str) -> tuple[File, ...]:
    found: list[File] = []
    for each in files:
        try:
            url = urljoin(base_url, each.path or "")
        except ValueError:  # not an address; raw keeps it
            continue
        if each.path:
            found.append(File(url=url, name=each.name, expires_at=now + LINKS_LIVE))
    return tuple(found)


def application_of(note: NoteInfo, task_id: str, identity: Identity) -> Application:
    return Application(
        id=str(note.id_note),
        task_id=str(note.id_task or task_id),
        **identity,
        worker=Worker(id=str(note.id_user or 0), name=note.login),
        text=note.text,
        created_at=note.date,
        raw=note.raw,
    )


def worker_of(profile: Profile, now: datetime) -> Worker:
    """A performer. The marketplace tells neither a rate of approval nor a number of finished orders."""
    age = max((now - profile.regdate).days, 0) if profile.regdate else None
    country = country_code(profile.country) or profile.country if profile.country else None
    return Worker(
        id=str(profile.id_user),
        name=profile.login or profile.fio,
        country=country,
        account_age_days=age,
        avatar=profile.photo,
        raw=profile.raw,
    )


def listed_worker_of(listed: Listed, blocked: bool) -> Worker:
    return Worker(id=str(listed.id_user), name=listed.login or listed.fio, blocked=blocked, raw=listed.raw)


def is_child(order: OrderInfo, parent: OrderInfo) -> bool:
    """Whether an order was given out by a multiple one: it carries the same reference, or else the same title and
    category; the marketplace tells no parent."""
    if order.id == parent.id or order.multitask:
        return False
    mine, its = unmarked(order.description)[1], unmarked(parent.description)[1]
    if its is not None or mine is not None:
        return mine == its
    return (order.title, order.id_category) == (parent.title, parent.id_category)
