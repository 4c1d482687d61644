"""What a plugin's author tells the conformance kit: a draft, how work is handed in, and a few figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from inspect import isclass
from typing import Any, ClassVar

from crowdhub import errors
from crowdhub.errors import ConfigurationError, CrowdhubError
from crowdhub.model import Money, Submission, TaskDraft

GROUP = "crowdhub.conformance"


class Subject:
    """A provider under test. Subclass it in the plugin (``conformance.py``) and name the class, under the provider's
    name, in the entry-point group ``crowdhub.conformance``.

    Only ``provider``, ``draft`` and (where people hand in work) ``hand_in`` have to be written; the rest has
    defaults that fit most marketplaces.
    """

    provider: ClassVar[str]
    """The provider's name, in `crowdhub.providers` and `crowdhub.sandboxes`."""
    sandbox_options: ClassVar[Mapping[str, Any]] = {}
    """For the sandbox: much money, no scripted workers (only `hand_in` hands in), no request limit."""
    poor_options: ClassVar[Mapping[str, Any]] = {"balance": "0"}
    """For the sandbox of an account that has no money."""
    page_rows: ClassVar[int | None] = None
    """Submissions a page; None where all come in one answer."""
    tasks_rows: ClassVar[int | None] = None
    """Tasks a page; None where all come in one answer."""
    tasks_options: ClassVar[Mapping[str, Any]] = {}
    """More options for the sandbox in which the pages of tasks are counted (a small page, say)."""
    most_slots: ClassVar[int | None] = None
    """The most slots that a task can have; None: as many as one likes."""
    rejection_is_final: ClassVar[bool] = True
    """False where a rejection only asks the marketplace's own people, who decide later: the work stays pending."""
    unknown_id: ClassVar[str] = "999999999"
    """An id of the right form that no task has."""
    status_words: ClassVar[Sequence[str]] = ("status",)
    """The members of an answer that hold a status as a word, in any case; the end of the name is enough."""
    statuses: ClassVar[Mapping[int, type[CrowdhubError]]] = {
        400: errors.InvalidRequest,
        401: errors.AuthenticationFailed,
        402: errors.InsufficientFunds,
        403: errors.PermissionDenied,
        404: errors.NotFound,
        409: errors.Conflict,
        429: errors.RateLimited,
        500: errors.ProviderError,
        502: errors.ProviderUnavailable,
        503: errors.ProviderUnavailable,
        504: errors.ProviderUnavailable,
    }
    """The error that an HTTP status with the sandbox's own error body stands for, where it is not this one."""
    values: ClassVar[Mapping[str, Any]] = {}
    """For fields of a draft whose values the marketplace restricts: another good value than the draft's."""

    def draft(self) -> TaskDraft:
        """A good draft, of one slot where slots can be chosen."""
        raise NotImplementedError

    def hand_in(self, sandbox: Any, task_id: str, count: int = 1) -> None:
        """Let ``count`` different workers hand in on a task of the provider's sandbox, so that it is pending."""
        raise NotImplementedError

    def apply(self, sandbox: Any, task_id: str, count: int = 1) -> None:
        """Let ``count`` different workers apply for a task, where the marketplace has applications."""
        raise NotImplementedError

    def bonus(self, submission: Submission, currency: str) -> Money:
        """A bonus that may be paid for this submission."""
        del submission
        return Money("0.10", currency)


def load(name: str) -> Subject:
    """The subject of an installed provider. Raises `ConfigurationError` where its plugin names none."""
    found = {point.value: point for point in entry_points(group=GROUP, name=name)}
    if not found:
        known = ", ".join(sorted({point.name for point in entry_points(group=GROUP)})) or "none"
        raise ConfigurationError(
            f"No installed plugin describes the provider {name!r} to the conformance kit. Described: {known}.",
            next_step=f"Name its Subject class in the plugin's entry-point group {GROUP!r} and install it again.",
        )
    if len(found) > 1:
        raise ConfigurationError(f"The provider {name!r} is described more than once: {', '.join(found)}.")
    (point,) = found.values()
    kind: Any = point.load()
    if not (isclass(kind) and issubclass(kind, Subject)) or kind.provider != name:
        raise ConfigurationError(f"{point.value} is no Subject of the provider {name!r}.")
    return kind()
