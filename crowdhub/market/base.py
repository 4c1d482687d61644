"""What both markets share: one provider, one session, and what can be told without a request."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from crowdhub.engine.session import Session
from crowdhub.model import Capabilities, File, Model, Submission, SubmissionStatus, Task, TaskDraft
from crowdhub.operations.checks import OnUnsupported, checked_draft, checked_status, task_id_of
from crowdhub.operations.spending import Guard
from crowdhub.operations.watching import Watch
from crowdhub.protocol import LOOPBACK, Provider

P = TypeVar("P", bound=Provider[Any], covariant=True)


class RequestBudget(Model):
    """The requests that may still be made now: ``left`` of ``calls`` in any ``seconds`` (None: no limit)."""

    left: int | None
    calls: int | None
    seconds: float | None


class MarketBase(Generic[P]):
    def __init__(self, provider: P, session: Session, *, on_unsupported: OnUnsupported, guard: Guard | None) -> None:
        self._provider = provider
        self._session = session
        self._on_unsupported: OnUnsupported = on_unsupported
        self._guard = guard or Guard()
        self._settled = 0

    @property
    def provider(self) -> P:
        """The marketplace's own operations, for `run`."""
        return self._provider

    @property
    def name(self) -> str:
        """The account's name."""
        return self._provider.account

    @property
    def environment(self) -> str:
        """``live`` or ``sandbox``."""
        return self._provider.environment

    @property
    def currency(self) -> str:
        return self._provider.currency

    @property
    def capabilities(self) -> Capabilities:
        """What this marketplace can do, with limits, and why not what it cannot."""
        return self._provider.capabilities()

    @property
    def requests(self) -> int:
        """How many requests were sent through this market so far, repetitions included."""
        return self._session.requests

    def _request_budget(self) -> RequestBudget:
        limits = [limit for limit in self._provider.rate_limits if limit.what is None]
        if not limits:
            return RequestBudget(left=None, calls=None, seconds=None)
        left = self._session.gate.left(limits)
        return RequestBudget(left=left, calls=limits[0].calls, seconds=limits[0].seconds)

    def check(self, draft: TaskDraft) -> TaskDraft:
        """The draft as it would be sent. Makes no request.

        Raises `NotSupported` naming all fields the marketplace has no place for, `InvalidRequest` naming all
        faults.
        """
        return checked_draft(self._provider, draft, self._on_unsupported)

    def watched(self, tasks: Sequence[Task | str], status: SubmissionStatus | str | None) -> Watch:
        """Tasks to be watched in rounds (`Hub.watch` goes round its markets so)."""
        return Watch(
            self._provider,
            [task_id_of(self._provider, task) for task in tasks],
            status=checked_status(status, SubmissionStatus),
            settled=self._count_settled,
        )

    def _count_settled(self) -> int:
        return self._settled

    def _allowed_hosts(self) -> Collection[str]:
        """The files of a sandbox on this machine lie on a loopback address, and only those."""
        base_url: str = self._provider.settings.base_url
        host = urlsplit(base_url).hostname
        return LOOPBACK if self.environment == "sandbox" and host in LOOPBACK else ()

    @staticmethod
    def _file_names(files: Submission | File) -> list[tuple[str, str]]:
        """The link and the name for each file; a submission's files begin with its id."""
        prefix = f"{files.id}-" if isinstance(files, Submission) else ""
        listed = files.files if isinstance(files, Submission) else (files,)
        return [(each.url, prefix + (each.name or each.url.partition("?")[0].rsplit("/", 1)[-1])) for each in listed]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} ({self.environment})>"
