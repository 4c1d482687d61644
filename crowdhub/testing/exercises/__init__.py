"""Each capability as the kit exercises it: what has to be there first, the call, and what must then be true."""

from collections.abc import Callable, Mapping

from crowdhub.model import Capability
from crowdhub.testing.bench import Bench
from crowdhub.testing.exercises import people, tasks, work
from crowdhub.testing.exercises.exercise import Exercise, marked
from crowdhub.testing.exercises.work import settle, settled

__all__ = ["EXERCISES", "Exercise", "marked", "reading", "settle", "settled"]

EXERCISES: Mapping[Capability, Callable[[Bench], Exercise]] = {
    Capability.PUBLISH: tasks.publish,
    Capability.ESTIMATE: tasks.estimate,
    Capability.TASK: tasks.task,
    Capability.TASKS: tasks.tasks,
    Capability.SUBMISSIONS: work.submissions,
    Capability.APPROVE: work.approve,
    Capability.REJECT: work.reject,
    Capability.REQUEST_REDO: work.request_redo,
    Capability.BULK_REVIEW: work.bulk_review,
    Capability.PAY_BONUS: work.pay_bonus,
    Capability.CANCEL: tasks.cancel,
    Capability.EXTEND: tasks.extend,
    Capability.PAUSE: tasks.pause,
    Capability.RESUME: tasks.resume,
    Capability.MESSAGE: people.message,
    Capability.WORKER: people.worker,
    Capability.BLOCK: people.block,
    Capability.UNBLOCK: people.unblock,
    Capability.BLOCKED_WORKERS: people.blocked_workers,
    Capability.APPLICATIONS: people.applications,
    Capability.ACCEPT: people.accept,
    Capability.DECLINE: people.decline,
    Capability.BALANCE: people.balance,
    Capability.FIND_PUBLISHED: tasks.find_published,
    Capability.FIND_BONUS: work.find_bonus,
}


def reading(bench: Bench) -> Exercise:
    """The plainest reading that the provider has."""
    return EXERCISES[Capability.BALANCE if bench.has(Capability.BALANCE) else Capability.TASK](bench)
