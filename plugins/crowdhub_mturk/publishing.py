"""Publishing HITs, finding and listing them, extending them, taking them off the market."""

from __future__ import annotations

from datetime import datetime, timedelta

from crowdhub.errors import (
    Conflict,
    CrowdhubError,
    InvalidRequest,
    Issue,
    Lost,
    NotFound,
    OutcomeUnknown,
)
from crowdhub.model import Money, Quote, Task, TaskDraft, TaskStatus
from crowdhub.protocol import Flow, Lookup, Page, carries, find_marked, no_call, operation
from crowdhub_mturk import drafts
from crowdhub_mturk.account import Account
from crowdhub_mturk.fees import fee_of, rate_of
from crowdhub_mturk.records import HIT
from crowdhub_mturk.structures import QualificationRequirement

SECOND = timedelta(seconds=1)
LATEST_END = timedelta(days=365)


class Publishing(Account):
    """`estimate`, `publish`, `find_published`, `task`, `tasks`, `extend`, `cancel`."""

    def draft_issues(self, draft: TaskDraft) -> list[Issue]:
        return [*super().draft_issues(draft), *drafts.issues(draft, self.now())]

    @operation
    def estimate(self, draft: TaskDraft) -> Flow[Quote]:
        """Slots × (reward + fee), as the published prices have it. No request is made."""
        reward = draft.reward or Money(0, self.currency)
        masters = drafts.is_for_masters(drafts.requirements_of(draft, self.environment))
        fee = fee_of(reward, rate_of(draft.slots, masters=masters))
        return no_call(Quote.of(reward * draft.slots, fee * draft.slots))

    @operation
    def publish(self, draft: TaskDraft) -> Flow[Task]:
        """``CreateHIT``. Holds the reward and the fee of all slots at once.

        The draft's reference is the request's token, by which it may be sent again within a day, and stands in the
        HIT's RequesterAnnotation, which workers do not see.
        """
        hit = yield from self.api.hits.create_hit(**drafts.arguments_of(draft, self.environment, self.now()))
        task = self._task(hit)
        if hit.replayed and draft.reference is not None and not carries(hit.raw, draft.reference):
            raise OutcomeUnknown(f"HIT {task.id} was named for it, and does not carry its mark.", lost=Lost.ACCEPTED)
        return task

    def describe_published(self, draft: TaskDraft) -> str:
        return f'a HIT titled "{draft.title}" whose RequesterAnnotation is [ref {draft.reference}]'

    @operation
    def find_published(self, draft: TaskDraft, since: datetime | None = None) -> Flow[Task | None]:
        """Looks through ``ListHITs`` for the draft's reference: there is no other way to ask for it."""
        del since  # the reference alone decides
        return (yield from find_marked(self.tasks, draft))

    # --- reading -----------------------------------------------------------------------------------------

    @operation
    def task(self, task_id: str) -> Flow[Task]:
        """``GetHIT``."""
        return self._task((yield from self.api.hits.get_hit(task_id)))

    @operation
    def tasks(self, status: TaskStatus | None = None) -> Flow[Page[Task]]:
        """``ListHITs``, 100 a request; statuses are chosen here. Deleted HITs are not among them."""
        return self._chosen((yield from self.api.hits.list_hits()), status)

    def _chosen(self, page: Page[HIT], status: TaskStatus | None) -> Page[Task]:
        tasks = [self._task(each) for each in page.items]
        kept = [each for each in tasks if status in (None, each.status)]
        further = page.more

        def following() -> Flow[Page[Task]]:
            assert further is not None
            return self._chosen((yield from further()), status)

        return Page(kept, following if further else None, unreadable=page.unreadable, read=page.records)

    # --- changing ----------------------------------------------------------------------------------------

    def extension_issues(self, slots: int | None, until: datetime | None) -> list[Issue]:
        found = super().extension_issues(slots, until)
        if slots is not None and slots > drafts.MOST_SLOTS:
            found.append(Issue("slots", f"{slots:,} are more than {drafts.MOST_SLOTS:,}"))
        if until is not None and until.tzinfo is not None and until - self.now() > LATEST_END:
            found.append(Issue("until", f"{until.isoformat(timespec='minutes')} is more than a year ahead"))
        return found

    def extension_cost(self, task: Task, slots: int) -> Money | None:
        """Reward and fee, at the rate of the HIT: one of fewer than ten assignments stays so."""
        if task.reward is None or task.slots is None:
            return None
        return (task.reward + self._fee(task, task.reward)) * slots

    def approval_cost(self, task: Task) -> Money | None:
        """Reward and fee, which the HIT holds since it was published."""
        if task.reward is None or task.slots is None:
            return None
        return task.reward + self._fee(task, task.reward)

    def _fee(self, task: Task, reward: Money) -> Money:
        needed = QualificationRequirement.read_all(task.raw.get("QualificationRequirements"))
        return fee_of(reward, rate_of(task.slots or 1, masters=drafts.is_for_masters(needed)))

    def _lost_extension(
        self, task_id: str, slots: int | None = None, until: datetime | None = None, reference: str | None = None
    ) -> Lookup[Task]:
        del reference
        return Lookup(
            f"the MaxAssignments of HIT {task_id}: whether it has {slots} more",
            lambda _, before: self._extended(task_id, slots, until, before),
            before=lambda: self.task(task_id),
        )

    def _extended(self, task_id: str, slots: int | None, until: datetime | None, before: object) -> Flow[Task | None]:
        """The HIT, where it has exactly so many assignments more than right before the request, and its new end."""
        task = yield from self.task(task_id)
        if not isinstance(before, Task) or before.slots is None or task.slots is None or slots is None:
            raise Conflict(f"How many assignments HIT {task_id} had before is not known.")
        if task.slots == before.slots:
            return None
        if task.slots != before.slots + slots:
            raise Conflict(f"HIT {task_id} had {before.slots} assignments and has {task.slots}, not {slots} more.")
        if until is not None and not _ends_at(task, until):
            raise Conflict(f"HIT {task_id} has {slots} assignments more, and not its new end; the same key goes on.")
        return task.copy_with(replayed=True)

    @operation(lookup=_lost_extension)
    def extend(
        self, task_id: str, slots: int | None = None, until: datetime | None = None, reference: str | None = None
    ) -> Flow[Task]:
        """``CreateAdditionalAssignmentsForHIT``, which takes reward and fee of the new slots at once, and
        ``UpdateExpirationForHIT``; then a look at the HIT.

        Fewer than ten slots can never become ten or more: `InvalidRequest`.
        """
        added = True
        if slots is not None:  # first: after a crash it is sent again under its token, and what follows with it
            added = yield from self.api.hits.create_additional_assignments_for_hit(task_id, slots, reference)
        if until is not None:
            yield from self._ended_at(task_id, until)
        task: Task = yield from self.task(task_id)
        return task.copy_with(replayed=not added)

    def _ended_at(self, task_id: str, until: datetime) -> Flow[None]:
        try:
            yield from self.api.hits.update_expiration_for_hit(task_id, until)
        except Conflict:  # the same moment, said before: refused, although it is as it should be
            if not _ends_at((yield from self.task(task_id)), until):
                raise

    @operation
    def cancel(self, task_id: str) -> Flow[Task]:
        """``UpdateExpirationForHIT`` to this moment, and a look at the HIT: over is over, whatever was answered. Who is
        at work on it may still hand in and is to be paid; what nobody takes any more comes back.

        The marketplace makes no difference between a cancelled HIT and one whose time is over: later reads show it as
        expired.
        """
        refused: CrowdhubError | None = None
        try:
            # A moment of its own each time: the same one again is refused.
            yield from self.api.hits.update_expiration_for_hit(task_id, self.now() - SECOND)
        except NotFound:
            raise
        except (Conflict, InvalidRequest, OutcomeUnknown) as error:
            refused = error
        try:
            task: Task = yield from self.task(task_id)
        except CrowdhubError as blind:
            raise refused or blind from blind
        if refused is not None and (task.expires_at is None or task.expires_at > self.now()):
            raise refused
        if task.status is TaskStatus.COMPLETED:
            return task
        return task.copy_with(status=TaskStatus.CANCELLED, replayed=refused is not None)


def _ends_at(task: Task, until: datetime) -> bool:
    return task.expires_at is not None and abs(task.expires_at - until) <= SECOND
