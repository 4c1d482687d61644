"""Values for every field of a draft: what a marketplace has a place for must arrive there, the rest be refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import cast

from crowdhub.model import FreeText, Money, QuestionForm, TaskDraft
from crowdhub.sandbox import png
from crowdhub.testing.bench import Bench

ASKED: Mapping[str, object] = {
    "title": "A title",
    "instructions": "What to do",
    "reward": Money("1", "USD"),
    "slots": 2,
    "proof": "A screenshot",
    "category": "Any",
    "subcategory": "Any",
    "countries": ("US",),
    "language": "en",
    "image": png("a picture"),
    "auto_approve": True,
    "questions": QuestionForm(questions=(FreeText(id="a", text="Which one?"),)),
}


def changed_drafts(bench: Bench) -> Iterator[tuple[str, TaskDraft]]:
    """For each field that the provider has a place for a draft that asks for another value than the subject's."""
    plain, subject = bench.draft(), bench.subject
    for name in sorted(bench.provider.declares.draft_fields):
        value = subject.values.get(name, ASKED.get(name))
        if name == "slots" and subject.most_slots == 1:
            continue
        if name == "reward" and name not in subject.values:
            value = plain.reward * 2 if plain.reward else Money("1", bench.provider.currency)
        if value is None:
            raise AssertionError(f"give another good value for {name} in `Subject.values`")
        changes = cast("dict[str, object]", value) if isinstance(value, dict) else {name: value}
        draft = plain.copy_with(**changes)
        issues = bench.provider.draft_issues(draft)
        assert not issues, f"give a value for {name} in `Subject.values` that is accepted here: {issues}"
        assert getattr(draft, name) != getattr(plain, name), (
            f"give a value for {name} in `Subject.values` that is another than the draft's {getattr(plain, name)!r}"
        )
        yield name, draft


def wanted(bench: Bench, draft: TaskDraft, name: str) -> object:
    """What a draft asks for in a field, with a time to go as the moment it ends at."""
    value: object = getattr(draft, name)
    if name == "deadline" and isinstance(value, timedelta):
        return bench.clock.now() + value
    return value
