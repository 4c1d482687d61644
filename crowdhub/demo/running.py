"""From publishing to comparing with the books, on all marketplaces at once."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crowdhub.demo import publishing, reviewing, watching
from crowdhub.demo.counts import ClientCounts, DemoRow
from crowdhub.demo.participant import Participant
from crowdhub.demo.show import Show
from crowdhub.errors import CrowdhubError
from crowdhub.hub import Hub
from crowdhub.model import Capability
from crowdhub.testing.subject import Subject, load

if TYPE_CHECKING:
    from crowdhub.sandbox import Sandbox

PICTURES = 4


@dataclass(frozen=True, slots=True)
class DemoReport:
    """How it ended: one row a marketplace, and everything that does not agree."""

    rows: tuple[DemoRow, ...]
    problems: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return not self.problems


def names() -> list[str]:
    """The marketplaces that can take part: those with a sandbox and a subject. Imports none of them."""
    from crowdhub.testing.campaign.profile import names  # the sandbox is an extra, and slow to import

    return names()


def options_for(names: Sequence[str]) -> Mapping[str, Mapping[str, object]]:
    """The options of the sandboxes that these marketplaces are shown in."""
    return {name: _options(load(name)) for name in names}


def _options(subject: Subject) -> Mapping[str, object]:
    return subject.demo.sandbox if subject.demo.scripted else {**subject.sandbox_options, **subject.demo.sandbox}


def run(show: Show, wanted: Sequence[str] = (), *, box: Sandbox | None = None) -> DemoReport:
    """Show it on the ``wanted`` marketplaces (by default all that can take part), in a sandbox of its own or in a
    running ``box``.

    Raises the errors of `crowdhub.errors` where something fails outright; by default a plugin that cannot be loaded
    is left out, and told.
    """
    from crowdhub.sandbox import Sandbox, png

    subjects = [load(name) for name in dict.fromkeys(wanted)] or _all(show)
    pictures = [png(f"RECEIPT {number}\ntotal {17 * number}.40", (320, 200)) for number in range(1, PICTURES + 1)]
    with ExitStack() as stack:
        if box is None:
            options = {subject.provider: _options(subject) for subject in subjects}
            box = stack.enter_context(Sandbox(*options, options=options))
        hub = stack.enter_context(Hub(box.accounts))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crowdhub-demo-")))
        participants = [_participant(subject, hub, box) for subject in subjects]
        for each in participants:
            each.prepare(pictures)
        show.accounts([each.market for each in participants])
        publishing.publish(show, hub, participants, pictures)
        publishing.choose_workers(show, box, participants)
        watching.watch(show, hub, participants)
        show.step("Look", "at what was handed in")
        for each in participants:
            reviewing.look(show, each, folder)
        show.step("Review", "all that is left is good work")
        for each in participants:
            reviewing.review(show, each)
            reviewing.pay_bonus(show, each)
            reviewing.close(each)
        return _compare(show, participants)


def _all(show: Show) -> list[Subject]:
    from crowdhub.registry import load as load_provider
    from crowdhub.sandbox import SandboxError
    from crowdhub.sandbox.registry import load_sandbox

    found: list[Subject] = []
    for name in names():
        try:
            subject, _, _ = load(name), load_provider(name), load_sandbox(name)
        except (CrowdhubError, SandboxError) as broken:
            show.note(f"left out: {broken}")
        else:
            found.append(subject)
    return found


def _participant(subject: Subject, hub: Hub, box: Sandbox) -> Participant:
    market = hub[subject.provider]
    before = market.balance() if Capability.BALANCE in market.capabilities else None
    counts = ClientCounts(subject.provider, market.environment, market.currency, before)
    return Participant(subject, market, box[subject.provider], counts)


def _compare(show: Show, participants: Sequence[Participant]) -> DemoReport:
    rows: list[DemoRow] = []
    problems: list[str] = []
    for each in participants:
        found = each.counts.problems(each.sandbox.books(), each.sandbox.request_count)
        rows.append(each.counts.row(len(found)))
        problems += [f"{each.name}: {problem}" for problem in found]
    report = DemoReport(tuple(rows), tuple(problems))
    show.end(report.rows, report.problems)
    return report
