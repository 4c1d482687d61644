"""Onedoor's protocol as operations."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime

import simplejson

from crowdhub.errors import Issue, OutcomeUnknown
from crowdhub.model import (
    Decision,
    File,
    Money,
    Quote,
    Submission,
    SubmissionStatus,
    Task,
    TaskDraft,
    TaskStatus,
    Verdict,
)
from crowdhub.protocol import (
    Call,
    CredentialPlaces,
    Declaration,
    Effect,
    Flow,
    Page,
    PreparedRequest,
    Provider,
    Response,
    Token,
    first_match,
    int_or_none,
    load_json,
    mapping,
    no_call,
    operation,
    read_each,
    text_or_none,
    unreadable,
)
from crowdhub.testing.mutants.onedoor import wire
from crowdhub.testing.mutants.onedoor.settings import OnedoorSettings, RejectionCategory

SHORTEST_REASON = 100
FEE = 10  # per cent


class Onedoor(Provider[OnedoorSettings]):
    """One Onedoor account."""

    name = "onedoor"
    title = "Onedoor"
    settings_type = OnedoorSettings
    credential_places = CredentialPlaces(headers=("X-Key",))
    declares = Declaration(
        draft_fields={"title", "instructions", "reward", "slots", "countries"},
        limits={
            "reject": "a reason of at least 100 characters, and a category",
            "extend": "more places, not more time",
        },
    )

    def __init__(self, settings: OnedoorSettings, *, account: str | None = None) -> None:
        super().__init__(settings, account=account)
        self.currency = settings.currency

    def sign(self, call: Call, token: Token | None = None) -> Call:
        return call.with_headers(X_Key=self.settings.key.get_secret_value())

    def seal(self, request: PreparedRequest, token: Token | None = None) -> Mapping[str, str]:
        return {"X-Seal": hmac.new(self.settings.key.get_secret_value().encode(), request.body, "sha256").hexdigest()}

    def _call(self, name: str, effect: Effect = Effect.READ, *, costs: bool | None = None, **members: object) -> Call:
        """Every operation is the same request, with its name in a header."""
        body = simplejson.dumps(members, use_decimal=True).encode()
        return Call.post(
            "/",
            effect=effect,
            costs=costs,
            operation=name,
            headers={"X-Operation": name},
            content=body,
            content_type="application/x-onedoor+json",
        )

    # --- publishing, in two steps

    @operation
    def estimate(self, draft: TaskDraft) -> Flow[Quote]:
        work = (draft.reward or Money(0, self.currency)) * draft.slots
        return no_call(Quote.of(work, Money(work.amount * FEE / 100, self.currency).rounded_up()))

    @operation
    def publish(self, draft: TaskDraft) -> Flow[Task]:
        """``CreateTask`` makes a draft, which is free, and ``StartTask`` puts it on the market, which is charged. A
        task that was started stays so however often that is asked for."""
        made = yield self._call(
            "CreateTask",
            Effect.SPEND,
            costs=False,
            title=draft.title,
            text=draft.instructions,
            cents=draft.reward.minor if draft.reward else None,
            places=draft.slots,
            countries=list(draft.countries),
            token=draft.reference,
        )
        task = self._task(load_json(made))
        _ = yield self._call("StartTask", Effect.SETTLE, costs=True, task=task.id)
        return task.copy_with(status=TaskStatus.OPEN)

    @operation
    def find_published(self, draft: TaskDraft, since: datetime | None = None) -> Flow[Task | None]:
        def is_it(task: Task) -> bool:
            return (
                draft.reference is not None
                and task.reference == draft.reference
                and task.status is not TaskStatus.DRAFT
            )

        return (yield from first_match(self.tasks(), is_it, whole=True))

    # --- reading

    @operation
    def balance(self) -> Flow[Money]:
        """The answer is a bare text: the cents."""
        reply = yield self._call("GetBalance")
        cents = int_or_none(text_or_none(load_json(reply)))
        if cents is None:
            raise unreadable("it is not a number of cents", reply.text, reply)
        return Money.from_minor(cents, self.currency)

    @operation
    def task(self, task_id: str) -> Flow[Task]:
        reply = yield self._call("GetTask", task=task_id)
        return self._task(load_json(reply))

    @operation
    def tasks(self, status: TaskStatus | None = None) -> Flow[Page[Task]]:
        return (yield from self._tasks(status, None))

    def _tasks(self, status: TaskStatus | None, after: str | None) -> Flow[Page[Task]]:
        reply = yield self._call("ListTasks", after=after)
        items, bad = read_each(_rows(reply), self._task)
        kept = [each for each in items if status in (None, each.status)]
        onward = text_or_none((mapping(load_json(reply)) or {}).get("after"))
        more = (lambda: self._tasks(status, onward)) if onward else None
        return Page(kept, more=more, unreadable=bad, read=len(items) + len(bad), stable=True)

    @operation
    def submissions(self, task_id: str, status: SubmissionStatus | None = None) -> Flow[Page[Submission]]:
        return (yield from self._submissions(task_id, status, None))

    def _submissions(self, task_id: str, status: SubmissionStatus | None, after: str | None) -> Flow[Page[Submission]]:
        reply = yield self._call("ListWork", task=task_id, after=after)
        items, bad = read_each(_rows(reply), self._submission)
        kept = [each for each in items if status in (None, each.status)]
        onward = text_or_none((mapping(load_json(reply)) or {}).get("after"))
        more = (lambda: self._submissions(task_id, status, onward)) if onward else None
        return Page(kept, more=more, unreadable=bad, read=len(items) + len(bad), stable=True)

    @operation
    def locate_file(self, submission: Submission, file: File) -> Flow[File]:
        reply = yield self._call("GetFile", file=file.id)
        url = text_or_none((mapping(load_json(reply)) or {}).get("url"))
        if url is None:
            raise unreadable("it has no url", reply.text, reply)
        return file.copy_with(url=url)

    def _task(self, row: object) -> Task:
        return wire.Row.parse(row).to_task(self.identity, self.currency)

    def _submission(self, row: object) -> Submission:
        return wire.WorkRow.parse(row).to_submission(self.identity, self.settings.base_url)

    # --- deciding: said again, it is answered as the first time

    def decision_issues(self, decision: Decision) -> list[Issue]:
        found = super().decision_issues(decision)
        if decision.verdict is not Verdict.REJECT:
            return found
        if len(decision.comment or "") < SHORTEST_REASON:
            found.append(Issue("reason", f"has less than {SHORTEST_REASON} characters"))
        if _category(decision) is None:
            found.append(Issue("options", "hold no RejectionCategory"))
        return found

    @operation
    def approve(self, submission: Submission, note: str | None = None) -> Flow[Submission]:
        _ = yield self._call("Approve", Effect.SETTLE, work=submission.id, comment=note)
        return submission.copy_with(status=SubmissionStatus.APPROVED, feedback=note)

    @operation
    def reject(self, submission: Submission, reason: str, options: RejectionCategory | None = None) -> Flow[Submission]:
        category = options.category if options else None
        _ = yield self._call("Reject", Effect.SETTLE, work=submission.id, comment=reason, category=category)
        return submission.copy_with(status=SubmissionStatus.REJECTED, feedback=reason)

    @operation
    def state_of(self, submission: Submission) -> Flow[Submission | None]:
        reply = yield self._call("GetWork", work=submission.id)
        return self._submission(load_json(reply))

    # --- paying extra, in two steps

    @operation
    def pay_bonus(
        self, submission: Submission, amount: Money, reason: str, reference: str | None = None
    ) -> Flow[Submission]:
        """``OpenGrant``, which is free, then ``PayGrant``, which pays each time that it is sent."""
        opened = yield self._call("OpenGrant", Effect.SETTLE, work=submission.id, cents=amount.minor, token=reference)
        grant = wire.Grant.read(opened)
        _ = yield self._call("PayGrant", Effect.SPEND, grant=grant.id, comment=reason)
        return submission.copy_with(raw={**submission.raw, "grant": grant.raw})

    @operation
    def find_bonus(
        self,
        submission: Submission,
        amount: Money,
        reason: str,
        reference: str | None = None,
        since: datetime | None = None,
    ) -> Flow[Submission | None]:
        reply = yield self._call("ListGrants", work=submission.id)
        grants, _ = read_each(_rows(reply), wire.Grant.parse)
        for each in grants:
            if each.paid and each.token == reference and each.cents == amount.minor:
                return submission.copy_with(raw={**submission.raw, "grant": each.raw}, replayed=True)
        return None

    # --- changing tasks

    def extension_issues(self, slots: int | None, until: datetime | None) -> list[Issue]:
        found = super().extension_issues(slots, until)
        if until is not None:
            found.append(Issue("until", "Onedoor's tasks have no end"))
        return found

    def extension_cost(self, task: Task, slots: int) -> Money | None:
        work = super().extension_cost(task, slots)
        return None if work is None else work + Money(work.amount * FEE / 100, self.currency).rounded_up()

    @operation
    def extend(self, task_id: str, slots: int | None = None, until: datetime | None = None) -> Flow[Task]:
        """``SetPlaces`` says how many there are to be: said again, it changes nothing."""
        now = yield from self.task(task_id)
        reply = yield self._call(
            "SetPlaces", Effect.SETTLE, costs=True, task=task_id, places=(now.slots or 0) + (slots or 0)
        )
        return self._task(load_json(reply))

    @operation
    def pause(self, task_id: str) -> Flow[Task]:
        _ = yield self._call("Pause", Effect.SETTLE, task=task_id)
        return (yield from self.task(task_id))

    @operation
    def resume(self, task_id: str) -> Flow[Task]:
        _ = yield self._call("Resume", Effect.SETTLE, task=task_id)
        return (yield from self.task(task_id))

    @operation
    def message(self, worker_id: str, text: str) -> Flow[None]:
        """Free, and written each time that it is sent."""
        try:
            _ = yield self._call("Write", Effect.SPEND, costs=False, worker=worker_id, text=text)
        except OutcomeUnknown as lost:
            raise lost.looking_for(f"a message to the worker {worker_id}") from lost.__cause__


def _rows(reply: Response) -> object:
    return (mapping(load_json(reply)) or {}).get("rows")


def _category(decision: Decision) -> RejectionCategory | None:
    found = decision.options_for("onedoor")
    return found if isinstance(found, RejectionCategory) else None
