"""Values that no field takes, and over which pydantic, an enum or Python's own `repr` stumbles: one issue each."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crowdhub import Choice, Decision, FreeText, HtmlForm, Hub, Money, QuestionForm, Selection, TaskDraft
from crowdhub.errors import ConfigurationError, InvalidRequest
from crowdhub.model import Balance, Submission, Worker
from crowdhub.model.taking import MOST
from crowdhub.sandbox import Sandbox
from crowdhub.shown import shown
from crowdhub_capsolver import CapSolverOptions
from crowdhub_crowdsdom import CrowdSDOMOptions
from crowdhub_etxt import EtxtOptions, WorkType
from crowdhub_mturk import MTurkOptions
from crowdhub_rapidworkers import RapidWorkers


class Mute:
    """Says nothing of itself."""

    def __repr__(self) -> str:
        raise RuntimeError("no words")

    __str__ = __repr__


def deep() -> list[object]:
    found: list[object] = []
    for _ in range(5000):
        found = [found]
    return found


ODD: dict[str, Any] = {
    "deep": deep(),
    "mute": Mute(),
    "mute in a list": [Mute()],
    "no names": {1: 2},
    "no name": {None: "1", "currency": "USD"},
    "signaling": Decimal("sNaN"),
    "long number": 10**5000,
    "long text": "1" * 5000,
    "long range": range(10**12),
    "longer range": range(10**30),
}
"""By name: pytest writes what it is parametrized with into the names of its tests."""


TEXTS = ("title", "instructions", "proof", "category", "subcategory", "language", "reference")


def issues(make: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as caught:
        make()
    assert str(caught.value)
    return {each.where: each.what for each in caught.value.issues}


@pytest.mark.parametrize("odd", ODD)
def test_a_reward(odd: str) -> None:
    bad = ODD[odd]
    assert [where.partition(".")[0] for where in issues(lambda: TaskDraft(title="t", reward=bad))] == ["reward"]
    assert issues(lambda: TaskDraft.model_validate({"reward": bad}))


@pytest.mark.parametrize("odd", ODD)
def test_money(odd: str) -> None:
    bad = ODD[odd]
    assert issues(lambda: Money(bad, "USD")).keys() == {"amount"}
    assert issues(lambda: Money("1", bad)).keys() == {"currency"}
    assert issues(lambda: Money.from_minor(bad, "USD")).keys() <= {"minor", "amount"}
    with pytest.raises(ValueError, match="held"):
        Balance("1", "USD", held=bad)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("odd", ["deep", "mute", "no names", "signaling"])
def test_a_word_of_an_enum(odd: str) -> None:
    bad = ODD[odd]
    made: dict[str, Callable[[], object]] = {
        "verdict": lambda: Decision(submission=bad, verdict=bad),
        "style": lambda: Selection(id="a", text="b", choices=(Choice(id="1", text="x"),), style=bad),
    }
    for name, make in made.items():
        found = issues(make)
        assert name in found
        assert len(found[name]) < 300


def made_or_refused(make: Callable[[], EtxtOptions]) -> EtxtOptions | InvalidRequest:
    try:
        return make()
    except InvalidRequest as refused:
        return refused


def test_a_code_that_a_number_stands_for() -> None:
    """Some Pythons cannot look up such a number at all, others find nothing under it."""
    bad: Any = Decimal("sNaN")
    for make in (
        lambda: EtxtOptions(id_type=bad, size=1),
        lambda: EtxtOptions.model_validate({"size": 1, "id_type": bad}),
    ):
        told = made_or_refused(make)
        if isinstance(told, InvalidRequest):
            assert [each.where for each in told.issues] == ["id_type"]
        else:
            assert told.id_type is WorkType.UNKNOWN


def endless() -> Iterator[str]:
    while True:
        yield "DE"


ENDLESS: dict[str, Callable[[], Any]] = {
    "range": lambda: range(10**12),
    "longer range": lambda: range(10**30),
    "count": itertools.count,
    "generator": endless,
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_has_no_end(kind: str) -> None:
    bad = ENDLESS[kind]
    said = f"has more than {MOST:,} items"
    for make in (
        lambda: TaskDraft(countries=bad()),
        lambda: TaskDraft(options=bad()),
        lambda: TaskDraft(metadata=bad()),
        lambda: Decision.approve("1", options=bad()),  # type: ignore[arg-type]
        lambda: CrowdSDOMOptions(keywords=bad()),
        lambda: EtxtOptions(keywords=bad()),
        lambda: MTurkOptions(keywords=bad()),
        lambda: CapSolverOptions(task=bad()),
        lambda: QuestionForm(questions=bad()),
        lambda: QuestionForm(questions=[{"kind": "selection", "id": "a", "text": "b", "choices": bad()}]),  # type: ignore[arg-type]
        lambda: TaskDraft.model_validate({"countries": bad()}),
    ):
        assert set(issues(make).values()) == {said}


def test_what_ends_is_taken_to_its_end() -> None:
    assert TaskDraft(countries=iter(["DE", "France"])).countries == ("DE", "FR")  # type: ignore[arg-type]
    assert len(TaskDraft(countries=["DE"] * (MOST + 1)).countries) == MOST + 1  # type: ignore[arg-type]


@pytest.mark.parametrize("odd", ["no names", "deep", "mute", "signaling", "long range", "longer range"])
def test_an_argument(odd: str) -> None:
    bad = ODD[odd]
    with Sandbox("rapidworkers") as box, Hub(box.accounts) as hub:
        market = hub["rapidworkers"]
        for name, call in {
            "amount": lambda: market.extend("1", slots=1, amount=bad),
            "status": lambda: list(market.submissions("1", status=bad)),
            "decisions": lambda: market.review(bad),
            "draft": lambda: market.publish(bad),
        }.items():
            assert [where.partition("[")[0] for where in issues(call)] == [name]
        assert box["rapidworkers"].request_count == 0


@pytest.mark.parametrize("odd", ["no names", "deep", "mute"])
def test_a_setting(odd: str) -> None:
    bad = ODD[odd]
    settings: list[dict[str, Any]] = [
        {"budget": {"USD": bad}},
        {"budget": {"USD": "1", "unpriced": bad}},
        {"ledger": bad},
        {"timeout": bad},
    ]
    for given in settings:
        with pytest.raises(ConfigurationError), Hub({"rapidworkers": {"api_key": "abcdefgh"}}, **given) as hub:
            hub.unresolved()
    with pytest.raises(ConfigurationError):
        Hub({"rapidworkers": {"api_key": "abcdefgh"}}, budget={Mute(): "1"})  # type: ignore[dict-item]


def test_what_is_shown_of_a_value() -> None:
    assert shown("a") == "'a'"
    assert shown(Decimal("1.5")) == "Decimal('1.5')"
    assert shown(Mute()) == "a Mute"
    assert shown(10**5000) == "a int" or len(shown(10**5000)) < 300
    assert len(shown("x" * 10**6)) < 300
    assert len(shown(deep())) < 300


LONG = [Decimal("1e18"), Decimal("1e999999"), Decimal("-1e999999999"), 1e308, 10**18, -(10**5000), "1" * 30]


@pytest.mark.parametrize("place", range(len(LONG)))
def test_a_number_that_is_too_long_to_be_a_count(place: int) -> None:
    bad: Any = LONG[place]
    for make in (
        lambda: TaskDraft(title="t", slots=bad),
        lambda: TaskDraft.model_validate({"slots": bad}),
        lambda: EtxtOptions(size=bad),
        lambda: CrowdSDOMOptions(lifetime=bad),
        lambda: MTurkOptions(lifetime=bad),
    ):
        (what,) = issues(make).values()
        assert "digits" in what or "exceeded maximum size" in what


def test_a_number_as_long_as_they_get() -> None:
    draft = TaskDraft(title="t", slots=10**18 - 1, options=[EtxtOptions(id_category=10**18 - 1)])
    assert TaskDraft.model_validate_json(draft.model_dump_json()) == draft


def test_an_argument_that_is_too_long_a_number() -> None:
    with Sandbox("rapidworkers") as box, Hub(box.accounts) as hub:
        market = hub["rapidworkers"]
        assert issues(lambda: market.extend("1", slots=10**5000)) == {"slots": "has more than 18 digits"}
        likes = hub.market(RapidWorkers).provider.facebook_likes
        assert issues(lambda: likes(link="https://a.example", quantity=10**18)).keys() == {"quantity"}
        assert box["rapidworkers"].request_count == 0


HALF = "half \ud800"


@pytest.mark.parametrize("name", TEXTS)
def test_half_a_character_in_a_text_of_a_draft(name: str) -> None:
    given: dict[str, Any] = {name: HALF}
    for make in (lambda: TaskDraft(**given), lambda: TaskDraft.model_validate(given)):
        assert "half a character" in issues(make)[name]


def test_half_a_character() -> None:
    work = Submission(id="1", task_id="1", provider="p", account="a", environment="live", worker=Worker(id="w"))
    made: list[tuple[str, Callable[[], object]]] = [
        ("countries", lambda: TaskDraft(countries=("DE", HALF))),
        ("metadata", lambda: TaskDraft(metadata={"a": HALF})),
        ("metadata", lambda: TaskDraft(metadata={HALF: "a"})),
        ("image", lambda: TaskDraft(image=HALF)),  # type: ignore[arg-type]
        ("keywords", lambda: MTurkOptions(keywords=("a", HALF))),
        ("text", lambda: EtxtOptions(text=HALF)),
        ("task", lambda: CapSolverOptions(task={"a": [{"b": HALF}]})),
        ("text", lambda: FreeText(id="a", text=HALF)),
        ("html", lambda: HtmlForm(html=HALF)),
        ("comment", lambda: Decision.reject(work, HALF)),
    ]
    for name, make in made:
        found = issues(make)
        assert found.keys() == {name}
        assert "half a character" in found[name]


def test_where_in_a_form_it_is() -> None:
    choices = [{"id": "1", "text": HALF}]
    found = issues(lambda: Selection.model_validate({"id": "a", "text": "b", "choices": choices}))
    assert found == {"choices.0.text": "holds half a character"}


def test_a_whole_character_and_a_file_with_an_old_name() -> None:
    assert TaskDraft(title="\U0001f600").title == "\U0001f600"
    assert TaskDraft(image=Path("caf\udce9.png")).image == Path("caf\udce9.png")
