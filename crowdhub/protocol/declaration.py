"""What a provider says of itself beyond what it has written, checked when its class is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from crowdhub.model import Capabilities, Capability, Support, TaskDraft

DRAFT_FIELDS = frozenset(TaskDraft.model_fields) - {"options", "reference", "metadata"}
OWN = {Capability.BULK_REVIEW: "review_batch"}
"""The operations that are not called as their capability is."""


def operation_of(capability: Capability) -> str:
    """The name of the provider's operation that a capability stands for."""
    return OWN.get(capability, capability.value)


NEUTRAL = frozenset({*(operation_of(each) for each in Capability), "authenticate", "state_of", "locate_file"})
"""The operations that every marketplace may have."""


class Declaration:
    """``draft_fields``: the fields of a draft that the marketplace has a place for. ``absent``: why a capability or
    a field is not there, ``limits``: its limits, both in words and by its name.

    A name that is neither a capability nor a field of a draft is a `TypeError`.
    """

    def __init__(
        self,
        draft_fields: Iterable[str] = ("title", "instructions", "reward", "slots"),
        *,
        absent: Mapping[str, str] | None = None,
        limits: Mapping[str, str] | None = None,
    ) -> None:
        self.draft_fields = frozenset(draft_fields)
        self.absent: Mapping[str, str] = dict(absent or {})
        self.limits: Mapping[str, str] = dict(limits or {})
        known = {*DRAFT_FIELDS, *(each.value for each in Capability)}
        for name in self.draft_fields - DRAFT_FIELDS:
            raise TypeError(f"draft_fields: a draft has no field {name!r}{_near(name, DRAFT_FIELDS)}")
        for where, table in (("absent", self.absent), ("limits", self.limits)):
            for name in table.keys() - known:
                raise TypeError(f"{where}: {name!r} is neither a capability nor a field of a draft{_near(name, known)}")

    def capabilities(self, written: frozenset[Capability]) -> Capabilities:
        """The capabilities of a provider that has ``written`` the operations of these.

        Raises `TypeError` where a reason is given for what is there, or a limit of what is not.
        """
        there = {*(each.value for each in written), *self.draft_fields}
        if wrong := sorted(there & self.absent.keys()):
            raise TypeError(f"absent: {', '.join(wrong)} is there")
        if wrong := sorted(self.limits.keys() - there):
            raise TypeError(f"limits: {', '.join(wrong)} is not there")
        return Capabilities(
            {each: self._support(each.value, each in written) for each in Capability},
            {
                name: self._support(name, name in self.draft_fields)
                for name in TaskDraft.model_fields
                if name in DRAFT_FIELDS
            },
        )

    def _support(self, name: str, supported: bool) -> Support:
        return Support(supported, limits=self.limits.get(name), reason=self.absent.get(name))


def _near(name: str, words: Iterable[str]) -> str:
    near = get_close_matches(name, list(words), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
