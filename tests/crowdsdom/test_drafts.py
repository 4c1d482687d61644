"""What a draft becomes on the wire, and everything that is found wrong with it before a request."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import pytest

from crowdhub import Choice, ExternalForm, FreeText, HtmlForm, Hub, Money, QuestionForm, Selection, TaskDraft
from crowdhub.errors import InvalidRequest, NotSupported
from crowdhub.model import ProviderOptions
from crowdhub.model.questions import Questions
from crowdhub.protocol import Effect
from crowdhub.sandbox import Sandbox
from crowdhub_crowdsdom import CrowdSDOM, CrowdSDOMOptions, CrowdSDOMText
from tests.support.by_hand import Play, body_of, first_call

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Body: TypeAlias = Callable[[TaskDraft], dict[str, Any]]
HTML = '<h1>Hi</h1><form name="x" id="crowdsdom_form"><input name="a"></form>'


def draft(*options: ProviderOptions, **more: Any) -> TaskDraft:
    fields: dict[str, Any] = {"title": "T", "instructions": "D", "reward": Money("0.1", "CNY"), "proof": "What is it?"}
    return TaskDraft(**{**fields, **more}, options=options)


@pytest.fixture
def body(provider: CrowdSDOM) -> Body:
    provider.now = lambda: NOW

    def sent(given: TaskDraft) -> dict[str, Any]:
        assert provider.draft_issues(given) == []
        assert provider.unsupported_fields(given) == {}
        return body_of(first_call(provider.publish(given)))

    return sent


def issues(provider: CrowdSDOM, given: TaskDraft) -> dict[str, str]:
    provider.now = lambda: NOW
    return {each.where: each.what for each in provider.draft_issues(given)}


def test_a_draft_without_settings_leaves_the_marketplaces_defaults(body: Body) -> None:
    sent = body(draft(slots=7))
    assert set(sent) == {
        "title",
        "description",
        "reward",
        "maxTasks",
        "questionsType",
        "internalQuestionsForm",
    }
    assert (sent["title"], sent["description"], sent["maxTasks"]) == ("T", "D", 7)
    assert sent["reward"] == {"amount": Decimal("0.1"), "currencyCode": "CNY"}


def test_proof_alone_becomes_one_question(body: Body) -> None:
    (question,) = body(draft())["internalQuestionsForm"]["questions"]
    assert (question["id"], question["title"], question["isRequired"]) == ("proof", "What is it?", True)


def test_options_and_times_are_sent_in_seconds(body: Body) -> None:
    options = CrowdSDOMOptions(keywords=("cats", "images"), task_duration=600)
    sent = body(draft(options, deadline=timedelta(hours=2), auto_approve=timedelta(days=3), reference="ch-abcdef12"))
    assert (sent["lifetime"], sent["taskDuration"], sent["autoApprovalDelay"]) == (7200, 600, 259200)
    assert sent["keywords"] == ["cats", "images", "[ref ch-abcdef12]"]


def test_a_deadline_is_counted_from_now(body: Body) -> None:
    assert body(draft(deadline=NOW + timedelta(days=1)))["lifetime"] == 86400


def test_options_for_another_marketplace_change_nothing(body: Body) -> None:
    from crowdhub_capsolver import CapSolverOptions

    assert body(draft(CapSolverOptions(task={"type": "X"}))) == body(draft())


@pytest.mark.parametrize(
    ("form", "kind", "content"),
    [
        (
            ExternalForm(url="http://wb_region/survey", height=500),
            "externalQuestionsForm",
            {"url": "http://wb_region/survey", "frameHeight": 500},
        ),
        (HtmlForm(html=HTML), "htmlQuestionsForm", {"content": HTML}),
    ],
)
def test_other_forms(body: Body, form: Questions, kind: str, content: dict[str, str | int]) -> None:
    sent = body(draft(questions=form, proof=None))
    assert sent["questionsType"] == kind
    assert sent[kind] == content


CHOICES = tuple(Choice(id=each, text=each.upper()) for each in "abc")


@pytest.mark.parametrize(
    ("settings", "limits"),
    [
        ({"style": "radiobutton"}, (1, 1)),
        ({"style": "dropdown", "required": False}, (0, 1)),
        ({"style": "checkbox"}, (1, 3)),
        ({"style": "checkbox", "min_choices": 2, "max_choices": 2}, (2, 2)),
    ],
)
def test_selections_say_their_limits(body: Body, settings: dict[str, Any], limits: tuple[int, int]) -> None:
    form = QuestionForm(questions=(Selection(id="q", text="Q", choices=CHOICES, **settings),))
    spec = body(draft(questions=form, proof=None))["internalQuestionsForm"]["questions"][0]["selectionAnswerSpec"]
    assert (spec["minSelectionCount"], spec["maxSelectionCount"]) == limits
    assert spec["style"] == settings["style"]


def test_text_questions_say_their_limits(body: Body) -> None:
    plain = FreeText(id="a", text="A", min_length=2, max_length=9, default="x")
    number = CrowdSDOMText(id="b", text="B", is_number=True, min_value=1, max_value=5, lines=3)
    questions = body(draft(questions=QuestionForm(questions=(plain, number)), proof=None))["internalQuestionsForm"]
    one, two = (each["freeTextAnswerSpec"] for each in questions["questions"])
    assert one == {"defaultText": "x", "minLength": 2, "maxLength": 9}
    assert two == {"numberOfLines": 3, "isNumber": True, "minValue": 1, "maxValue": 5}


def test_a_job_type_carries_the_rest(body: Body) -> None:
    kind = CrowdSDOMOptions(job_type_id="56385ed9831c7b22009b712d")
    sent = body(TaskDraft(options=[kind], questions=HtmlForm(html=HTML), slots=3, reference="ch-abcdef12"))
    assert set(sent) == {"jobTypeId", "maxTasks", "questionsType", "htmlQuestionsForm"}
    assert sent["htmlQuestionsForm"]["content"] == HTML + "<!-- [ref ch-abcdef12] -->"


@pytest.mark.parametrize(
    "form",
    [
        HtmlForm(html=HTML),
        ExternalForm(url="https://example.com/x?a=1#top"),
        QuestionForm(questions=(FreeText(id="q", text="Q"),)),
    ],
)
def test_a_job_types_job_is_known_again_by_its_form(
    provider: CrowdSDOM, body: Body, play: Play, form: Questions
) -> None:
    kind = CrowdSDOMOptions(job_type_id="JT")
    given = TaskDraft(options=[kind], questions=form, reference="ch-abcdef12")
    listed = {**body(given), "id": "J"}
    _, found = play(provider.find_published(given), [{"id": "other"}, listed])
    assert found is not None
    assert (found.id, found.replayed, found.reference) == ("J", True, "ch-abcdef12")


def test_all_issues_are_named_at_once(provider: CrowdSDOM) -> None:
    options = CrowdSDOMOptions(task_duration=299, keywords=("a,b", " "))
    given = draft(
        options,
        title=" ",
        instructions="",
        reward=Money("0", "USD"),
        slots=10_001,
        deadline=timedelta(minutes=9),
        auto_approve=timedelta(days=31),
        questions=HtmlForm(html="<form id='another'></form>"),
        proof=None,
    )
    found = provider.draft_issues(given)
    wheres = [each.where for each in found]
    assert sorted(set(wheres)) == [
        "auto_approve",
        "deadline",
        "instructions",
        "options.keywords",
        "options.task_duration",
        "questions.html",
        "reward",
        "slots",
        "title",
    ]
    assert wheres.count("reward") == 2
    assert wheres.count("options.keywords") == 2


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"questions": None, "proof": None}, "questions"),
        ({"auto_approve": False}, "auto_approve"),
        ({"deadline": NOW - timedelta(days=1)}, "deadline"),
        ({"deadline": timedelta(days=30, seconds=1)}, "deadline"),
        ({"questions": ExternalForm(url="ftp://x"), "proof": None}, "questions.url"),
        ({"questions": QuestionForm(questions=()), "proof": None}, "questions"),
        (
            {
                "questions": QuestionForm(questions=(FreeText(id="q", text=""), FreeText(id="q", text=""))),
                "proof": None,
            },
            "questions",
        ),
    ],
)
def test_single_issues(provider: CrowdSDOM, change: dict[str, Any], where: str) -> None:
    assert list(issues(provider, draft(**change))) == [where]


@pytest.mark.parametrize(
    "settings",
    [
        {"choices": ()},
        {"choices": (CHOICES[0], CHOICES[0]), "style": "checkbox"},
        {"max_choices": 2},
        {"style": "dropdown", "max_choices": 2},
        {"style": "checkbox", "min_choices": 3, "max_choices": 2},
        {"style": "checkbox", "max_choices": 4},
    ],
)
def test_selections_that_cannot_be(provider: CrowdSDOM, settings: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"id": "q", "text": "Q", "choices": CHOICES, **settings}
    form = QuestionForm(questions=(Selection(**fields),))
    assert list(issues(provider, draft(questions=form, proof=None))) == ["questions.q"]


@pytest.mark.parametrize(
    "question",
    [
        FreeText(id="q", text="Q", min_length=5, max_length=4),
        CrowdSDOMText(id="q", text="Q", min_value=1),
        CrowdSDOMText(id="q", text="Q", is_number=True, min_value=2, max_value=1),
        CrowdSDOMText(id="q", text="Q", lines=0),
    ],
)
def test_text_questions_that_cannot_be(provider: CrowdSDOM, question: FreeText) -> None:
    assert list(issues(provider, draft(questions=QuestionForm(questions=(question,)), proof=None))) == ["questions.q"]


@pytest.mark.parametrize(
    ("option", "neutral", "where"),
    [
        ({"lifetime": 600}, {"deadline": timedelta(hours=1)}, "options.lifetime"),
        ({"auto_approval_delay": 0}, {"auto_approve": timedelta(hours=1)}, "options.auto_approval_delay"),
    ],
)
def test_what_is_said_twice_is_refused(
    provider: CrowdSDOM, option: dict[str, Any], neutral: dict[str, Any], where: str
) -> None:
    assert list(issues(provider, draft(CrowdSDOMOptions(**option), **neutral))) == [where]


def test_what_a_job_type_would_silently_overrule_is_refused(provider: CrowdSDOM) -> None:
    kind = CrowdSDOMOptions(job_type_id="JT", keywords=("a",), lifetime=600)
    found = issues(provider, draft(kind, auto_approve=timedelta(hours=1)))
    assert set(found) == {"title", "instructions", "auto_approve", "options.keywords", "options.lifetime"}


@pytest.mark.parametrize("field", ["countries", "image", "language", "category"])
def test_what_has_no_place_is_refused_by_name(hub: Hub, field: str) -> None:
    value = {"countries": ("US",), "image": b"png", "language": "en", "category": "Survey"}[field]
    with pytest.raises(NotSupported) as caught:
        hub["crowdsdom"].publish(draft(**{field: value}))
    assert caught.value.fields == (field,)


def test_a_refused_draft_sends_nothing(box: Sandbox, hub: Hub) -> None:
    with pytest.raises(InvalidRequest):
        hub["crowdsdom"].publish(draft(slots=0))
    assert box["crowdsdom"].requests == []


def test_estimate_has_twenty_per_cent_on_top(hub: Hub, box: Sandbox) -> None:
    quote = hub["crowdsdom"].estimate(draft(reward=Money("0.15", "CNY"), slots=10))
    assert quote == Money("1.80", "CNY")
    assert (quote.work, quote.commission) == (Money("1.5", "CNY"), Money("0.3", "CNY"))
    assert quote.assumption
    assert box["crowdsdom"].requests == []


def test_estimate_of_a_job_type_needs_its_reward(provider: CrowdSDOM) -> None:
    kind = CrowdSDOMOptions(job_type_id="JT")
    with pytest.raises(NotSupported):
        first_call(provider.estimate(TaskDraft(options=[kind], proof="?")))


def test_job_types_are_checked_and_made(provider: CrowdSDOM, play: Play) -> None:
    with pytest.raises(InvalidRequest) as caught:
        first_call(
            provider.create_job_type(title="", description="", reward=Money("1", "USD"), lifetime=1, max_tasks=0)
        )
    assert {each.where for each in caught.value.issues} == {"title", "description", "reward", "lifetime", "max_tasks"}
    documented = {
        "id": "507f191e810c19729de860ea",
        "title": "T",
        "keywords": ["a", "b"],
        "lifetime": 604800,
        "maxTasks": 3,
        "reward": {"amount": 0.1, "formattedPrice": "0.1元"},
    }
    operation = provider.create_job_type(title="T", description="D", reward=Money("0.1", "CNY"), keywords=["a", "b"])
    (call,), made = play(operation, documented)
    assert (call.method, call.path) == ("POST", "/jobTypes")
    assert (call.effect, call.takes_money) == (Effect.SPEND, False)
    assert body_of(call)["reward"] == {"amount": Decimal("0.1"), "currencyCode": "CNY"}
    assert (made.id, made.keywords, made.max_tasks, made.reward) == (
        "507f191e810c19729de860ea",
        ("a", "b"),
        3,
        Money("0.1", "CNY"),
    )
