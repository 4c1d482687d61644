"""One marketplace as a campaign uses it: made of its provider, its `Subject` and its sandbox, whoever wrote them."""

from __future__ import annotations

from dataclasses import dataclass

from crowdhub import registry
from crowdhub.model import Capability, Decision, Money, Submission, TaskDraft, Verdict
from crowdhub.protocol import AnyProvider
from crowdhub.sandbox import MarketSandbox, sandbox_names
from crowdhub.testing.subject import SUBJECTS, Subject, load

SLOTS = 6


@dataclass(frozen=True)
class MarketProfile:
    """What a marketplace can do, and how its people are made to act."""

    subject: Subject
    provider: type[AnyProvider]

    @property
    def name(self) -> str:
        return self.subject.provider

    def can(self, capability: Capability) -> bool:
        return capability in self.provider.capabilities

    def draft(self, number: int, slots: int = 1) -> TaskDraft:
        """A draft like no other number's."""
        made = self.subject.campaign.vary(self.subject.draft(), number)
        return made.copy_with(slots=slots) if slots != 1 else made

    @property
    def slots(self) -> int:
        """The slots of a task whose work is reviewed."""
        if self.subject.campaign.slots is not None:
            return self.subject.campaign.slots
        return min(SLOTS, self.subject.most_slots or SLOTS) if self.provider.capabilities.fields["slots"] else 1

    @property
    def verdicts(self) -> list[Verdict]:
        """How work can be decided on; empty where there is nothing to decide."""
        ways = {
            Verdict.APPROVE: self.can(Capability.APPROVE),
            Verdict.REJECT: self.can(Capability.REJECT) and self.subject.rejection_is_final,
            Verdict.REDO: self.can(Capability.REQUEST_REDO),
        }
        return [verdict for verdict, there in ways.items() if there]

    def bonus(self, work: Submission, currency: str) -> Money:
        return self.subject.bonus(work, currency)

    def decision(self, work: Submission, verdict: Verdict) -> Decision:
        return self.subject.decision(work, verdict)

    def hand_in(self, sandbox: MarketSandbox, task_id: str, count: int) -> None:
        """Let so many people hand in on a task."""
        (self.subject.campaign.hand_in or self.subject.hand_in)(sandbox, task_id, count)

    @property
    def options(self) -> dict[str, object]:
        """The sandbox's options."""
        return {**self.subject.played_options, **self.subject.campaign.sandbox}

    def why_unknown(self, lookup: Capability) -> str:
        """Why an outcome cannot be told that ``lookup`` would look for; empty where there is no reason."""
        able = self.provider.capabilities
        missing = [able[each].reason for each in (lookup, Capability.BALANCE) if not able[each]]
        return self.subject.campaign.why_unknown or next((each for each in missing if each), "")


def profile_of(name: str) -> MarketProfile:
    """A marketplace, in one of its readings where the name has that behind a colon. Raises `ConfigurationError` for one
    without a provider or a subject."""
    subject = load(name)
    return MarketProfile(subject, registry.load(subject.provider))


def names() -> list[str]:
    """The marketplaces that a campaign can be run on: those with a sandbox and a subject. Imports none of them."""
    return sorted(set(sandbox_names()) & set(SUBJECTS.names()) & set(registry.PROVIDERS.names()))
