"""What is wrong with a form of questions, whatever the marketplace, and what it leaves open."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from crowdhub.errors import Issue
from crowdhub.model import Choice, FreeText, QuestionForm, Selection, SelectionStyle


def choice_limits(question: Selection) -> tuple[int, int]:
    """How few and how many options may be chosen."""
    least = question.min_choices
    if least is None:
        least = 1 if question.required else 0
    most = question.max_choices
    if most is None:
        most = len(question.choices) if question.style is SelectionStyle.CHECKBOX else 1
    return least, most


def question_issues(form: QuestionForm) -> list[Issue]:
    """No questions, or two of one id."""
    if not form.questions:
        return [Issue("questions", "are empty; at least one is needed")]
    return [Issue("questions", f"the id {each!r} is used twice") for each in _twice(q.id for q in form.questions)]


def text_issues(question: FreeText, where: str) -> list[Issue]:
    """Limits that leave no answer."""
    shortest, longest = question.min_length, question.max_length
    if shortest is None or longest is None or shortest <= longest:
        return []
    return [Issue(where, f"min_length {shortest} is more than max_length {longest}")]


def choice_issues(
    question: Selection, where: str, of_choice: Callable[[Choice], Iterable[Issue]] | None = None
) -> list[Issue]:
    """No choices, two of one id, or numbers of them that do not go together. ``of_choice``: what is wrong with one, in
    the marketplace's eyes."""
    if not question.choices:
        return [Issue(where, "has no choices; at least one is needed")]
    found = [Issue(where, f"the choice {each!r} is there twice") for each in _twice(c.id for c in question.choices)]
    if of_choice is not None:
        for choice in question.choices:
            found += of_choice(choice)
    least, most = choice_limits(question)
    if question.style is not SelectionStyle.CHECKBOX and most != 1:
        found.append(Issue(where, f"a {question.style} allows one choice, not {most}; use a checkbox"))
    if least > most:
        found.append(Issue(where, f"min_choices {least} is more than max_choices {most}"))
    if most > len(question.choices):
        found.append(Issue(where, f"max_choices {most} is more than the {len(question.choices)} choices"))
    return found


def _twice(ids: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    again: list[str] = []
    for each in ids:
        if each in seen and each not in again:
            again.append(each)
        seen.add(each)
    return again
