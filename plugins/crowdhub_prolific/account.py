"""One Prolific account: how its calls are made and refused, and how its lists are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from crowdhub.errors import ConfigurationError, Conflict, CrowdhubError, InvalidRequest, NotFound, UnreadableResponse
from crowdhub.model import Balance, Money, Submission, SubmissionStatus, Task, TaskStatus
from crowdhub.protocol import (
    Call,
    CredentialPlaces,
    Flow,
    Page,
    Provider,
    Response,
    Token,
    lazy_records,
    load_json,
    operation,
    path_segment,
    read_each,
    unreadable,
)
from crowdhub_prolific import wire
from crowdhub_prolific.native import ProlificApi
from crowdhub_prolific.refusals import error_of
from crowdhub_prolific.settings import ProlificSettings

T = TypeVar("T")
Query = Mapping[str, str | int]
Rows = tuple[Sequence[T], Sequence[UnreadableResponse]]
ROWS = 100
"""Asked for in a page. How many a page may have is not documented: what comes back is believed."""


class Account(Provider[ProlificSettings]):
    """The parts of `Prolific` that all its operations stand on."""

    name = "prolific"
    title = "Prolific"
    currency = "GBP"  # unless the account's settings say USD
    settings_type = ProlificSettings
    credential_places = CredentialPlaces(headers=("Authorization",))
    reward_decimals = 2
    submissions_a_page = ROWS
    auto_approval_untold = None

    def __init__(self, settings: ProlificSettings, *, account: str | None = None) -> None:
        super().__init__(settings, account=account)
        self.currency = settings.currency
        self.api = ProlificApi()
        """What only Prolific has: ``market.run(market.provider.api.request_return(submission.id, ["…"]))``."""
        self._drafts: dict[str | None, str] = {}
        """Drafts that were seen under a reference, to be published in place of new ones."""

    def sign(self, call: Call, token: Token | None = None) -> Call:
        return call.with_headers(Authorization=f"Token {self.settings.token.get_secret_value()}")

    def error(self, call: Call, response: Response) -> CrowdhubError | None:
        return error_of(response)

    def check_currency(self, told: str | None) -> None:
        """Raises `ConfigurationError` where the workspace pays in something else: every amount would mean another."""
        if told is not None and told.upper() != self.currency:
            raise ConfigurationError(
                f"The workspace pays in {told}, and this account is set to {self.currency}.",
                next_step=f'Set currency = "{told}" for the account; nothing was paid.',
            )

    def _project(self) -> Flow[str]:
        """The project in which studies are: as the account says, else the workspace's first, for a request more."""
        if self.settings.project is not None:
            return self.settings.project
        reply = yield Call.get(f"/workspaces/{path_segment(self.settings.workspace)}/projects/")
        found = wire.Listing.read(reply).results
        if not found:
            raise ConfigurationError("The workspace has no project.", next_step="Make one on the website.")
        return wire.Named.parse(found[0]).id

    def _listing(
        self,
        path: str,
        query: Query,
        read: Callable[[object], Rows[T]],
        *,
        after: float = 0,
        before: Sequence[object] | None = None,
    ) -> Flow[Page[T]]:
        """One page of a list, and how to get the next. A page behind the end may be a 404, or, where there are no links
        and the number of the page means nothing, the rows ``before`` once more."""
        try:
            reply = yield Call.get(path, query=query, delay=after)
        except NotFound:
            if query.get("page", 1) == 1:
                raise
            return Page(())
        page = wire.Listing.read(reply)
        if page.links is None and page.results == before:
            return Page(())
        items, bad = read(page.results)
        onward = page.following(query)
        more = None if onward is None else lambda: self._listing(path, onward, read, before=page.results)
        return Page(items, more=more, total=page.total, unreadable=bad, read=len(page.results))

    # --- reading

    @operation
    def balance(self) -> Flow[Money]:
        """What can be spent; what is set aside for running studies is held."""
        reply = yield Call.get(f"/workspaces/{path_segment(self.settings.workspace)}/balance/")
        told = wire.WorkspaceBalance.read(reply)
        self.check_currency(told.currency_code)
        total = told.total_balance
        available = total if told.available_balance is None else told.available_balance
        if available is None:
            raise unreadable("it tells no balance", reply.text, reply)
        held = wire.money(total - available, self.currency) if total and told.available_balance is not None else None
        return Balance(Money.from_minor(available, self.currency).amount, self.currency, held=held)

    @operation
    def task(self, task_id: str) -> Flow[Task]:
        """The study, and the counters of its submissions: two requests, one for a draft."""
        found = yield from self._study(task_id)
        if found.status is TaskStatus.DRAFT:
            return found
        reply = yield Call.get(f"/studies/{path_segment(task_id)}/submissions/counts/")
        return wire.counted(found, load_json(reply))

    def _study(self, task_id: str) -> Flow[Task]:
        """A study without its counters."""
        reply = yield Call.get(f"/studies/{path_segment(task_id)}/")
        return self.to_task(load_json(reply))

    def _after_refusal(self, refusal: CrowdhubError, task_id: str) -> Flow[Task]:
        """The study as it stands after a refusal that may mean "done before". Raises any other error."""
        if not isinstance(refusal, (InvalidRequest, Conflict)):
            raise refusal
        return (yield from self._study(task_id))

    def to_task(self, row: object) -> Task:
        return wire.StudyRow.parse(row).to_task(self.identity, self.currency)

    @operation
    def tasks(self, status: TaskStatus | None = None) -> Flow[Page[Task]]:
        """The project's studies, newest first, drafts included."""
        project = yield from self._project()
        query: Query = {"page": 1, "page_size": ROWS, "ordering": "-date_created"}

        def read(rows: object) -> Rows[Task]:
            items, bad = read_each(rows, self.to_task)
            return [each for each in items if status in (None, each.status)], bad

        return (yield from self._listing(f"/projects/{path_segment(project)}/studies/", query, read))

    @operation
    def submissions(self, task_id: str, status: SubmissionStatus | None = None) -> Flow[Page[Submission]]:
        """The study's submissions in the order of their beginning. Where none is listed the study is asked for: one
        that is not there may have an empty list."""
        page = yield from self._work_of(path_segment(task_id), status)
        if not page.read:
            yield from self._study(task_id)
        return page

    def _work_of(
        self, task_id: str, status: SubmissionStatus | None = None, *, after: float = 0
    ) -> Flow[Page[Submission]]:
        """``GET /submissions/``, ``after`` so many seconds."""
        query: Query = {"study": task_id, "page": 1, "page_size": ROWS, "ordering": "started_at"}
        word = None if status is None else wire.ASK_WORK.get(status)
        if word is not None:
            query = {**query, "status": word}
        identity = self.identity

        def read(rows: object) -> Rows[Submission]:
            items, bad = lazy_records(rows, lambda row: wire.submission_fields(row, identity, task_id), Submission)
            if status is None or word is not None:
                return items, bad
            return [each for each in items if each.status is status], bad

        return (yield from self._listing("/submissions/", query, read, after=after))
