"""A draft stored as JSON comes back as it was: every field, every plugin's options, pictures as bytes and as paths."""

from __future__ import annotations

import base64
import importlib
import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, JsonValue, TypeAdapter

from crowdhub import Choice, Decision, ExternalForm, FreeText, HtmlForm, Money, QuestionForm, Selection, TaskDraft
from crowdhub.errors import InvalidRequest
from crowdhub.model import FileContent, ProviderOptions, Questions, SelectionStyle, Submission, Worker
from crowdhub.model.taking import MOST_DIGITS
from crowdhub_capsolver import CapSolverOptions
from crowdhub_crowdsdom import CrowdSDOMOptions, CrowdSDOMText
from crowdhub_etxt import EtxtOptions
from crowdhub_rapidworkers import RapidWorkersOptions


@pytest.mark.parametrize("text", ['{"slots": 1, "slots": 100}', b'{"metadata": {"slots": "a", "slots": "b"}}'])
def test_one_name_twice_is_refused(text: str | bytes) -> None:
    with pytest.raises(InvalidRequest, match="TaskDraft: names 'slots' twice"):
        TaskDraft.model_validate_json(text)


class Tone(StrEnum):
    DRY = "dry"
    WARM = "warm"


class Reviewer(BaseModel):
    name: str
    photo: bytes = b""


class ElsewhereOptions(ProviderOptions):
    """A third party's, with whatever a plugin may need."""

    provider: ClassVar[str] = "elsewhere"

    key: bytes = b""
    pictures: tuple[FileContent, ...] = ()
    folder: Path | None = None
    price: Decimal | None = None
    most: Money | None = None
    pause: timedelta | None = None
    begin: datetime | None = None
    day: date | None = None
    tone: Tone | None = None
    tags: frozenset[str] = frozenset()
    reviewer: Reviewer | None = None
    extra: dict[str, JsonValue] = Field(default_factory=dict)
    renamed: int = Field(default=0, alias="somethingElse")


class StarsQuestion(FreeText):
    """A question of a plugin's own."""

    provider: ClassVar[str] = "elsewhere"

    stars: int = 5


class HourThatComesTwice(tzinfo):
    """A zone on the night on which its summer ends."""

    def utcoffset(self, dt: datetime | None) -> timedelta:
        return timedelta(hours=1 if dt is not None and dt.fold else 2)

    def dst(self, dt: datetime | None) -> timedelta:
        return self.utcoffset(dt) - timedelta(hours=1)

    def tzname(self, dt: datetime | None) -> str:
        return "summer" if self.dst(dt) else "winter"


def loaded(draft: TaskDraft) -> TaskDraft:
    return TaskDraft.model_validate_json(draft.model_dump_json())


texts = st.text(max_size=8)
ids = st.text(min_size=1, max_size=8)
numbers = st.integers(0, 10**9)
maybe_number = st.none() | numbers
wholes = st.integers(1 - 10**MOST_DIGITS, 10**MOST_DIGITS - 1)
WHOLES: dict[object, st.SearchStrategy[Any]] = {int: wholes, int | None: st.none() | wholes}
flags = st.none() | st.booleans()
paths = st.text("abcdefgh/ .+-_=4é", min_size=1, max_size=12).map(Path)
contents: st.SearchStrategy[bytes | Path] = st.binary(max_size=8) | paths
offsets = st.timedeltas(timedelta(hours=-14), timedelta(hours=14))  # of zones, down to the microsecond
zones: st.SearchStrategy[tzinfo] = st.just(HourThatComesTwice()) | st.builds(timezone, offsets)
moments = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=zones)  # noqa: DTZ001
spans = st.timedeltas(timedelta(days=-9999), timedelta(days=9999))
amounts = st.decimals(-(10**12), 10**12, places=4)
money = st.builds(Money, amounts, st.sampled_from(["USD", "RUB", "JPY", "KWD"]))
json_values: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | wholes | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def fields_of(kind: type[BaseModel], **own: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any of a model's fields, each as its type allows or as ``own`` says."""
    each: dict[str, st.SearchStrategy[Any]] = {}
    for name, field in kind.model_fields.items():
        annotation: Any = field.annotation
        drawn = own.get(name, WHOLES.get(annotation))
        each[field.alias or name] = st.from_type(annotation) if drawn is None else drawn
    return st.fixed_dictionaries({}, optional=each)


tasks = st.none() | st.dictionaries(texts, json_values, max_size=3)
hours = st.none() | st.from_regex(r"([01]\d|2[0-3]):[0-5]\d", fullmatch=True)
options: dict[str, st.SearchStrategy[ProviderOptions]] = {
    "rapidworkers": fields_of(RapidWorkersOptions).map(lambda each: RapidWorkersOptions(**each)),
    "crowdsdom": fields_of(CrowdSDOMOptions).map(lambda each: CrowdSDOMOptions(**each)),
    "etxt": fields_of(EtxtOptions, timeline=hours, file=st.none() | contents).map(lambda each: EtxtOptions(**each)),
    "capsolver": fields_of(CapSolverOptions, task=tasks).map(lambda each: CapSolverOptions(**each)),
    "elsewhere": fields_of(
        ElsewhereOptions,
        pictures=st.lists(contents, max_size=2),
        folder=st.none() | paths,
        price=st.none() | amounts,
        most=st.none() | money,
        pause=st.none() | spans,
        begin=st.none() | st.datetimes(timezones=st.just(UTC)),
        reviewer=st.none() | st.builds(Reviewer, name=texts, photo=st.just(b"in plain ASCII")),
        extra=st.dictionaries(texts, json_values, max_size=2),
    ).map(lambda each: ElsewhereOptions(**each)),
}

free_texts = st.builds(FreeText, id=ids, text=texts, required=st.booleans(), min_length=maybe_number)
own_questions = st.builds(StarsQuestion, id=ids, text=texts, stars=numbers) | st.builds(
    CrowdSDOMText, id=ids, text=texts, lines=maybe_number, is_number=st.booleans(), max_value=maybe_number
)
selections = st.builds(
    Selection,
    id=ids,
    text=texts,
    choices=st.lists(st.builds(Choice, id=ids, text=texts), max_size=3).map(tuple),
    style=st.sampled_from(SelectionStyle),
    max_choices=st.none() | st.integers(1, 9),
)
forms: st.SearchStrategy[Questions] = (
    st.builds(QuestionForm, questions=st.lists(free_texts | selections | own_questions, max_size=4).map(tuple))
    | st.builds(ExternalForm, url=texts, height=st.integers(1, 5000))
    | st.builds(HtmlForm, html=texts)
)
drafts = st.builds(
    TaskDraft,
    title=texts,
    instructions=texts,
    reward=st.none() | money,
    slots=wholes,
    proof=st.none() | texts,
    countries=st.lists(texts | st.sampled_from(["US", "Germany"]), max_size=3),
    image=st.none() | contents,
    deadline=st.none() | spans | moments,
    auto_approve=flags | spans,
    questions=st.none() | forms,
    metadata=st.dictionaries(texts, texts, max_size=3),
    options=st.lists(st.one_of(*options.values()), max_size=2),
    reference=st.none() | texts,
)


@given(drafts)
def test_a_draft_comes_back_from_json_as_it_was(draft: TaskDraft) -> None:
    again = loaded(draft)
    assert again == draft
    assert [type(each) for each in again.options] == [type(each) for each in draft.options]
    assert type(again.questions) is type(draft.questions)


@given(drafts)
def test_so_it_does_from_json_that_another_library_read(draft: TaskDraft) -> None:
    assert TaskDraft.model_validate(json.loads(draft.model_dump_json())) == draft
    assert TaskDraft.model_validate(draft.model_dump(mode="json")) == draft


@pytest.mark.parametrize("name", options)
def test_the_options_of_each_plugin_come_back(name: str) -> None:
    @given(options[name])
    def check(each: ProviderOptions) -> None:
        again = loaded(TaskDraft(title="t", options=[each])).options_for(name)
        assert type(again) is type(each)
        assert again == each

    check()


def test_a_picture_is_base64_or_a_path_and_never_taken_for_the_other() -> None:
    as_bytes = TaskDraft(image=b"\x89PNG\xff")
    assert json.loads(as_bytes.model_dump_json())["image"] == {"base64": base64.b64encode(b"\x89PNG\xff").decode()}
    assert loaded(as_bytes).image == b"\x89PNG\xff"
    for path in (Path("pictures/a.png"), Path("abcd"), Path("YWJj")):  # the last two could be base64 as well
        assert json.loads(TaskDraft(image=path).model_dump_json())["image"] == str(path)
        assert loaded(TaskDraft(image=path)).image == path
        assert loaded(TaskDraft(options=[EtxtOptions(file=path)])).options == (EtxtOptions(file=path),)
    with pytest.raises(InvalidRequest, match=r"image.*base64"):
        TaskDraft.model_validate_json('{"image": {"base64": "not base64!"}}')
    with pytest.raises(InvalidRequest, match="image"):
        TaskDraft.model_validate_json('{"image": {"base64": "YWJj", "name": "a.png"}}')


def test_a_deadline_in_the_hour_that_comes_twice_is_the_same_moment_again() -> None:
    """Python holds such a moment unequal to any that is written with an offset, as JSON has it."""
    for fold, offset in ((0, 2), (1, 1)):
        deadline = datetime(2026, 10, 25, 2, 30, tzinfo=HourThatComesTwice(), fold=fold)
        draft = TaskDraft(deadline=deadline)
        assert loaded(draft) == draft
        assert draft.deadline == datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=offset)))


def test_what_a_user_wrote_into_a_mapping_is_not_taken_for_a_picture() -> None:
    draft = TaskDraft(options=[CapSolverOptions(task={"base64": "YWJj"})], metadata={"base64": "YWJj"})
    assert loaded(draft) == draft


def test_the_python_values_of_a_draft_stay_what_they_were() -> None:
    draft = TaskDraft(image=b"\xff", options=[EtxtOptions(file=Path("a.txt"), size=7)])
    dumped = draft.model_dump()
    assert dumped["image"] == b"\xff"
    assert (dumped["options"][0]["file"], dumped["options"][0]["size"]) == (Path("a.txt"), 7)


def test_the_options_of_a_decision_come_back() -> None:
    work = Submission(
        id="1", task_id="t", provider="elsewhere", account="a", environment="sandbox", worker=Worker(id="w")
    )
    decision = Decision.reject(work, "no picture", options=[ElsewhereOptions(tone=Tone.DRY, key=b"\xff")])
    again = Decision.model_validate_json(decision.model_dump_json())
    assert again == decision
    assert again.options_for("elsewhere") == ElsewhereOptions(tone=Tone.DRY, key=b"\xff")
    assert again.options_for("nowhere") is None


def test_the_latest_of_several_classes_of_one_name_is_taken() -> None:
    """A cell of a notebook that is run again defines its class again."""

    def defined(default: int) -> type[ProviderOptions]:
        class Cell(ProviderOptions):
            provider: ClassVar[str] = "notebook"
            size: int = default

        return Cell

    first, second = defined(1), defined(2)
    again = loaded(TaskDraft(options=[second()])).options
    assert again == (second(),)
    assert again != (first(),)


def issue_of(text: str) -> tuple[str, str]:
    with pytest.raises(InvalidRequest) as caught:
        TaskDraft.model_validate_json(text)
    (issue,) = caught.value.issues
    assert caught.value.sent is False
    return issue.where, issue.what


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ({"provider": "nowhere", "class": "X", "size": 1}, "the plugin 'nowhere', which is not installed"),
        ({"provider": "etxt", "class": "NoSuchOptions"}, "the plugin 'etxt' has no NoSuchOptions"),
        ({"provider": "", "class": "Unheard"}, "there is no class Unheard"),
        ({"provider": "etxt"}, "needs both texts"),
        ({"provider": 7, "class": None}, "needs both texts"),
    ],
)
def test_options_that_cannot_be_found_again_are_one_clear_issue(stored: dict[str, object], said: str) -> None:
    where, what = issue_of(json.dumps({"title": "t", "options": [stored]}))
    assert where == "options.0"
    assert said in what


def test_a_wrong_setting_in_stored_options_is_named_where_it_is() -> None:
    stored = {"provider": "etxt", "class": "EtxtOptions", "sise": 7}
    where, what = issue_of(json.dumps({"options": [stored]}))
    assert where == "options.0.sise"
    assert "did you mean 'size'?" in what


def test_a_question_cannot_be_stored_options_nor_the_other_way_round() -> None:
    question = {"provider": "crowdsdom", "class": "CrowdSDOMText", "id": "a", "text": "b"}
    where, _ = issue_of(json.dumps({"options": [question]}))
    assert where == "options.0"
    with pytest.raises(InvalidRequest, match="questions"):
        TaskDraft.model_validate_json(json.dumps({"questions": {"provider": "etxt", "class": "EtxtOptions"}}))


PLUGIN = """
    from typing import ClassVar
    from crowdhub import Provider
    from crowdhub.model import ProviderOptions
    from crowdhub.protocol import ProviderSettings
    {first}
    class LaterOptions(ProviderOptions):
        provider: ClassVar[str] = "{name}"
        seconds: int = 0
    class Later(Provider[ProviderSettings]):
        name, title, currency, settings_type = "{name}", "Later", "USD", ProviderSettings
    """

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a distribution with one provider on the path, as pip would."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    importlib.invalidate_caches()

    def install(name: str, first: str = "") -> None:
        info = tmp_path / f"crowdhub_{name}-1.0.dist-info"
        info.mkdir()
        _ = (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: crowdhub-{name}\nVersion: 1.0\n")
        _ = (info / "entry_points.txt").write_text(f"[crowdhub.providers]\n{name} = plugin_{name}:Later\n")
        code = textwrap.dedent(PLUGIN).format(name=name, first=first)
        _ = (tmp_path / f"plugin_{name}.py").write_text(code)

    return install


def test_a_plugin_is_loaded_when_its_options_are_met(install: Install) -> None:
    install("later")
    assert "plugin_later" not in sys.modules
    stored = {"provider": "later", "class": "LaterOptions", "seconds": 3}
    try:
        (found,) = TaskDraft.model_validate_json(json.dumps({"options": [stored]})).options
        assert (type(found).__module__, found.model_dump()) == ("plugin_later", {"seconds": 3})
    finally:
        sys.modules.pop("plugin_later", None)


@pytest.mark.parametrize("first", ["raise RuntimeError('no licence')", "raise SystemExit('no licence')"])
def test_a_plugin_that_does_not_load_is_one_clear_issue(install: Install, first: str) -> None:
    name = "exits" if "Exit" in first else "raises"
    install(name, first)
    where, what = issue_of(json.dumps({"options": [{"provider": name, "class": "LaterOptions"}]}))
    assert where == "options.0"
    assert f"The provider '{name}' (plugin_{name}:Later) cannot be loaded" in what
    assert "no licence" in what


def test_a_fresh_program_reads_it_with_nothing_but_the_model() -> None:
    """The plugin of the options is imported, and no other."""
    draft = TaskDraft(title="t", options=[RapidWorkersOptions(category="Survey")])
    code = """
        import sys
        from crowdhub.model import TaskDraft
        (found,) = TaskDraft.model_validate_json(sys.stdin.read()).options
        print(type(found).__module__.partition(".")[0], found.category)
        print(*sorted(name for name in sys.modules if name.startswith("crowdhub_") and "." not in name))
        print("crowdhub.registry" in sys.modules or "httpx" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        input=draft.model_dump_json(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split("\n")[:3] == ["crowdhub_rapidworkers Survey", "crowdhub_rapidworkers", "False"]


def test_reading_a_draft_names_every_issue_as_making_one_does() -> None:
    wrong: dict[str, Any] = {"titel": "t", "slots": "many", "questions": {"questions": [{"kind": "free_text"}]}}
    ways: list[Callable[[], TaskDraft]] = [
        lambda: TaskDraft(**wrong),
        lambda: TaskDraft.model_validate(wrong),
        lambda: TaskDraft.model_validate_json(json.dumps(wrong)),
    ]
    for read in ways:
        with pytest.raises(InvalidRequest) as caught:
            read()
        where = {issue.where for issue in caught.value.issues}
        assert {"titel", "slots"} < where
        assert any(each.startswith("questions") and each.endswith("text") for each in where)
    with pytest.raises(InvalidRequest, match=r"TaskDraft: .*JSON"):
        TaskDraft.model_validate_json("{")


def test_a_type_adapter_reads_many() -> None:
    many = [TaskDraft(title="a", image=b"\xff"), TaskDraft(title="b", deadline=datetime(2026, 1, 1, tzinfo=UTC))]
    kind = TypeAdapter(list[TaskDraft])
    assert kind.validate_json(kind.dump_json(many)) == many
