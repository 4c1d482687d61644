"""What a campaign has to know of a marketplace: a draft, how work is handed in, what spends there.

Everything about the wire stays in the plugin; its options are found among the installed plugins' own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crowdhub import registry
from crowdhub.errors import InvalidRequest, Issue
from crowdhub.model import Money, ProviderOptions, TaskDraft, Verdict


def _nobody(sandbox: Any, task_id: str, count: int) -> None:
    del sandbox, task_id, count


@dataclass(frozen=True, slots=True)
class Stage:
    """One marketplace's part.

    ``spends``: a regular expression for the requests that cost again when they are repeated, on "METHOD PATH" (the
    path is what the sandbox calls the operation). ``published`` and ``paid_extra``: the paths that publish and pay a
    bonus. ``slots``: of a task whose work is reviewed. ``verdicts``: how
    work can be decided on. ``bonus``: what can be paid extra, if anything. ``waits``: the work is there once it was
    asked for often enough, with nobody handing in. ``why_unknown``: why some outcomes cannot be told here.
    """

    name: str
    draft: Callable[[int], TaskDraft]
    spends: str
    published: str
    paid_extra: str = ""
    hand_in: Callable[[Any, str, int], None] = _nobody
    slots: int = 1
    verdicts: tuple[Verdict, ...] = ()
    bonus: Money | None = None
    waits: bool = False
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    why_unknown: str = ""


def _rapidworkers(number: int) -> TaskDraft:
    return TaskDraft(
        title=f"Read receipt {number}",
        instructions="Write down the total.",
        reward=Money("0.25", "USD"),
        proof="The total and one screenshot",
        category="Data entry",
    )


def _works(sandbox: Any, task_id: str, count: int) -> None:
    _ = sandbox.hand_in(task_id, count)


def _crowdsdom(number: int) -> TaskDraft:
    return TaskDraft(
        title=f"Read receipt {number}",
        instructions="Write down the total.",
        reward=Money("0.50", "CNY"),
        proof="The total",
    )


def _takes_and_hands_in(sandbox: Any, task_id: str, count: int) -> None:
    for number in range(count):
        _ = sandbox.hand_in(sandbox.take(task_id, f"worker-{number}"))


def _etxt(number: int) -> TaskDraft:
    return TaskDraft(
        title=f"A text about bicycle {number}",
        instructions="Write it.",
        reward=Money(100, "RUB"),
        category="12",
        options=[_options("etxt", size=300)],
    )


def _hands_in_each(sandbox: Any, task_id: str, count: int) -> None:
    for _ in range(count):
        _ = sandbox.hand_in(task_id)


def _capsolver(number: int) -> TaskDraft:
    task = {"type": "AntiTurnstileTaskProxyLess", "websiteURL": f"https://example.org/{number}", "websiteKey": "k"}
    return TaskDraft(options=[_options("capsolver", task=task)])


def _options(provider: str, **values: Any) -> ProviderOptions:
    """A plugin's own options, from the plugin that is installed: nothing here names it."""
    _ = registry.load(provider)
    for kind in ProviderOptions.__subclasses__():
        if kind.provider == provider:
            return kind(**values)
    raise InvalidRequest(issues=[Issue("options", f"the plugin {provider} has none")])


STAGES: Mapping[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage(
            name="rapidworkers",
            draft=_rapidworkers,
            spends=r"^POST /jobs/add",
            published=r"^/jobs/add",
            hand_in=_works,
            slots=6,
            verdicts=(Verdict.APPROVE, Verdict.REJECT),
            options={"balance": "100000", "work_rate": 0},
        ),
        Stage(
            name="crowdsdom",
            draft=_crowdsdom,
            spends=r"^POST /v1/(jobs|jobTypes)$",
            published=r"^/v1/jobs$",
            hand_in=_takes_and_hands_in,
            slots=6,
            verdicts=(Verdict.APPROVE, Verdict.REJECT),
            options={"balance": "100000", "every": 0, "token_ttl": 900},
        ),
        Stage(
            name="etxt",
            draft=_etxt,
            spends=r"/(tasks\.extraPaid|tasks\.copyTask|articles\.buy)$",
            published=r"/tasks\.saveTask$",
            paid_extra=r"/tasks\.extraPaid$",
            hand_in=_hands_in_each,
            slots=4,
            verdicts=(Verdict.APPROVE, Verdict.REDO),
            bonus=Money(30, "RUB"),
            options={"balance": "10000000", "work_rate": 0},
            why_unknown=(
                "eTXT does not promise that a bonus shows in the statement at once, and a bonus carries no mark "
                "of ours, so one whose answer is lost and that is not listed may still be on its way"
            ),
        ),
        Stage(
            name="capsolver",
            draft=_capsolver,
            spends=r"^POST /createTask",
            published=r"^/createTask",
            waits=True,
            options={"balance": "10000"},
            why_unknown="CapSolver cannot list tasks and takes no mark of ours, so a task whose answer is lost "
            "cannot be looked for",
        ),
    )
}


def stage_of(name: str) -> Stage:
    """Raises `InvalidRequest` for a marketplace that the campaign does not know."""
    if name not in STAGES:
        raise InvalidRequest(issues=[Issue("--provider", f"{name!r} is none of {', '.join(STAGES)}")])
    return STAGES[name]
