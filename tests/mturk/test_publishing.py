"""Publishing, reading, extending and ending HITs, by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from crowdhub import Money, TaskDraft, TaskStatus
from crowdhub.errors import Conflict, InvalidRequest, NotFound, OutcomeUnknown, ProviderUnavailable
from crowdhub.protocol import Effect, Flow, Operation
from crowdhub_mturk import MTurk, MTurkOptions, MTurkSettings, QualificationRequirement
from crowdhub_mturk.fees import fee_of, rate_of
from tests.mturk.conftest import DRAFT, HIT, NOW, mturk, request_error, sent
from tests.support.by_hand import Play, first_call

EXISTS = request_error("HitAlreadyExists", f"The HIT with this token exists: {HIT['HITId']}")


def test_a_draft_is_one_request(provider: MTurk, play: Play) -> None:
    (call,), task = play(provider.publish(DRAFT), {"HIT": HIT})
    body = sent(call)
    assert "<QuestionContent><Text>The total</Text>" in body.pop("Question")
    assert body == {
        "Title": "Read a receipt",
        "Description": "Write down the total.",
        "Reward": "0.50",
        "LifetimeInSeconds": 604_800,
        "AssignmentDurationInSeconds": 3600,
        "MaxAssignments": 3,
        "RequesterAnnotation": "[ref ch-aaaaaaaaaaaaaaaa]",
        "UniqueRequestToken": "ch-aaaaaaaaaaaaaaaa",
    }
    assert (call.effect, call.idempotent_for) == (Effect.SPEND, timedelta(hours=23))
    assert (task.id, task.status, task.reference) == (HIT["HITId"], TaskStatus.OPEN, DRAFT.reference)
    assert (task.slots, task.remaining, task.in_progress, task.pending) == (3, 3, 0, 0)
    assert (task.approved, task.rejected) == (0, 0)
    assert task.created_at == datetime(2026, 1, 15, 9, 0, 0, 250_000, UTC)
    assert task.raw == HIT


def test_all_that_a_draft_can_say(provider: MTurk) -> None:
    own = MTurkOptions(
        keywords=("receipt", "total"),
        description="Short.",
        assignment_duration=60,
        qualifications=(QualificationRequirement.excludes("3OWN"),),
        masters=True,
    )
    draft = DRAFT.copy_with(
        options=(own,),
        countries=("US", "GB"),
        deadline=NOW + timedelta(hours=2),
        auto_approve=timedelta(days=2),
        instructions="x" * 3000,
    )
    body = sent(first_call(provider.publish(draft)))
    assert body["Description"] == "Short."
    assert f"<Overview><Text>{'x' * 3000}</Text></Overview>" in body["Question"]
    assert body["Keywords"] == "receipt, total"
    assert (body["LifetimeInSeconds"], body["AutoApprovalDelayInSeconds"]) == (7200, 172_800)
    assert body["QualificationRequirements"] == [
        {
            "QualificationTypeId": "3OWN",
            "Comparator": "DoesNotExist",
            "ActionsGuarded": "DiscoverPreviewAndAccept",
        },
        {"QualificationTypeId": "2F1QJWKUDD8XADTFD2Q0G6UTO95ALH", "Comparator": "Exists"},
        {
            "QualificationTypeId": "00000000000000000071",
            "Comparator": "In",
            "LocaleValues": [{"Country": "US"}, {"Country": "GB"}],
        },
    ]
    there = sent(first_call(mturk(environment="sandbox").publish(draft)))
    assert there["QualificationRequirements"][1]["QualificationTypeId"] == "2ARFPLSP75KLA8M8DH1HTEQVJT3SY6"
    assert TaskDraft.model_validate_json(draft.model_dump_json()) == draft


def test_a_hit_that_exists_is_read(provider: MTurk, play: Play) -> None:
    """Its id stands in the refusal."""
    calls, task = play(provider.publish(DRAFT), EXISTS, {"HIT": HIT})
    assert [each.operation for each in calls] == ["CreateHIT", "GetHIT"]
    assert sent(calls[1]) == {"HITId": HIT["HITId"]}
    assert task.replayed
    assert task.id == HIT["HITId"]


@pytest.mark.parametrize(
    "answers",
    [
        [request_error("HitAlreadyExists", "It exists.")],
        [EXISTS, request_error("HITDoesNotExist")],
        [EXISTS, (500, {"__type": "ServiceFault"})],
        [EXISTS, {"HIT": HIT | {"RequesterAnnotation": "another one's"}}],
        [EXISTS, {}],
    ],
)
def test_a_hit_that_exists_and_cannot_be_read_is_not_published_again(
    provider: MTurk, play: Play, answers: list[Any]
) -> None:
    with pytest.raises(OutcomeUnknown):
        play(provider.publish(DRAFT), *answers)


def test_without_a_reference_there_is_no_token(provider: MTurk) -> None:
    call = first_call(provider.publish(DRAFT.copy_with(reference=None)))
    assert call.idempotent_for is None
    assert not {"UniqueRequestToken", "RequesterAnnotation"} & sent(call).keys()


@pytest.mark.parametrize(
    ("reward", "slots", "masters", "total"),
    [
        ("0.50", 3, False, "1.80"),
        ("0.50", 10, False, "7.00"),
        ("0.50", 9, False, "5.40"),
        ("0.01", 1, False, "0.02"),
        ("0.02", 9, False, "0.27"),
        ("0.12", 1, False, "0.14"),  # 2.4 cents
        ("0.13", 1, False, "0.16"),  # 2.6
        ("0.10", 10, True, "1.50"),  # 4.5
        ("0.50", 3, True, "1.89"),  # 12.5
    ],
)
def test_the_estimate(provider: MTurk, play: Play, reward: str, slots: int, masters: bool, total: str) -> None:
    options = (MTurkOptions(masters=masters),)
    draft = DRAFT.copy_with(reward=Money(reward, "USD"), slots=slots, options=options)
    calls, quote = play(provider.estimate(draft))
    assert calls == []
    assert quote == Money(total, "USD")
    assert quote.assumption is None


@pytest.mark.parametrize(
    ("status", "available", "in_hands", "completed", "over", "ours"),
    [
        ("Assignable", 2, 1, 0, False, TaskStatus.OPEN),
        ("Unassignable", 0, 1, 0, False, TaskStatus.FULL),
        ("Unassignable", 1, 1, 0, True, TaskStatus.FULL),
        ("Reviewable", 0, 0, 1, False, TaskStatus.FULL),
        ("Reviewing", 0, 0, 2, False, TaskStatus.FULL),
        ("Reviewable", 0, 0, 3, False, TaskStatus.COMPLETED),
        ("Reviewable", 1, 0, 0, True, TaskStatus.EXPIRED),
        ("Reviewable", 0, 0, 1, True, TaskStatus.FULL),
        ("Disposed", 0, 0, 3, True, TaskStatus.COMPLETED),
        ("Sleeping", 1, 0, 0, False, TaskStatus.UNKNOWN),
    ],
)
def test_what_a_status_means(
    provider: MTurk,
    play: Play,
    status: str,
    available: int,
    in_hands: int,
    completed: int,
    over: bool,
    ours: TaskStatus,
) -> None:
    row = HIT | {
        "HITStatus": status,
        "NumberOfAssignmentsAvailable": available,
        "NumberOfAssignmentsPending": in_hands,
        "NumberOfAssignmentsCompleted": completed,
        "Expiration": (NOW + timedelta(hours=-1 if over else 1)).timestamp(),
    }
    _, task = play(provider.task(HIT["HITId"]), {"HIT": row})
    assert task.status is ours
    assert (task.remaining, task.in_progress) == (available, in_hands)
    assert task.pending == 3 - available - in_hands - completed


def test_strange_members_harm_nothing(provider: MTurk, play: Play) -> None:
    row = {name: ["strange"] for name in HIT} | {"HITId": "3A"}
    _, task = play(provider.task("3A"), {"HIT": row})
    assert (task.id, task.status, task.slots, task.reward) == ("3A", TaskStatus.UNKNOWN, None, None)


def test_listing_goes_on_with_its_token(provider: MTurk, play: Play) -> None:
    calls, page = play(provider.tasks(TaskStatus.OPEN), {"NextToken": "t", "HITs": [HIT, HIT | {"HITStatus": "X"}]})
    assert [each.id for each in page.items] == [HIT["HITId"]]
    assert page.records == 2
    assert sent(calls[0]) == {"MaxResults": 100}
    assert page.more is not None
    calls, last = play(page.more(), {"HITs": []})
    assert sent(calls[0])["NextToken"] == "t"
    assert (list(last.items), last.more) == ([], None)


def test_found_by_its_mark(provider: MTurk, play: Play) -> None:
    other = HIT | {"HITId": "3B", "RequesterAnnotation": "[ref ch-bbbbbbbbbbbbbbbb]"}
    calls, task = play(provider.find_published(DRAFT), {"HITs": [other], "NextToken": "t"}, {"HITs": [HIT]})
    assert task is not None
    assert (task.id, task.replayed) == (HIT["HITId"], True)
    assert [each.effect for each in calls] == [Effect.READ] * 2
    assert play(provider.find_published(DRAFT), {"HITs": [other]})[1] is None


def test_more_places_and_more_time(provider: MTurk, play: Play) -> None:
    until = NOW + timedelta(days=3)
    grown = HIT | {"MaxAssignments": 5}
    calls, task = play(provider.extend(HIT["HITId"], 2, until, "ch-x"), {}, {}, {"HIT": grown})
    assert [each.operation for each in calls] == [
        "CreateAdditionalAssignmentsForHIT",
        "UpdateExpirationForHIT",
        "GetHIT",
    ]
    assert sent(calls[0]) == {
        "HITId": HIT["HITId"],
        "NumberOfAdditionalAssignments": 2,
        "UniqueRequestToken": "ch-x",
    }
    assert sent(calls[1]) == {"HITId": HIT["HITId"], "ExpireAt": until.timestamp()}
    assert [each.takes_money for each in calls] == [True, False, False]
    assert calls[0].idempotent_for == timedelta(hours=23)
    assert (task.slots, task.replayed) == (5, False)


def test_places_that_were_added_before_are_not_added_again(provider: MTurk, play: Play) -> None:
    processed = request_error(None, 'The idempotency token "ch-x" has already been processed.')
    _, task = play(provider.extend(HIT["HITId"], 2, None, "ch-x"), processed, {"HIT": HIT})
    assert task.replayed


def test_the_same_end_said_twice(provider: MTurk, play: Play) -> None:
    until = datetime.fromtimestamp(HIT["Expiration"], UTC)
    processed = request_error(None, 'The idempotency token "3A + time" has already been processed.')
    _, task = play(provider.extend(HIT["HITId"], until=until), processed, {"HIT": HIT}, {"HIT": HIT})
    assert task.expires_at == until
    with pytest.raises(Conflict):
        play(provider.extend(HIT["HITId"], until=until + timedelta(hours=1)), processed, {"HIT": HIT})


@pytest.mark.parametrize(
    ("slots", "masters", "each"), [(3, False, "0.60"), (9, False, "0.60"), (10, False, "0.70"), (10, True, "0.73")]
)
def test_more_places_cost_their_fee(provider: MTurk, play: Play, slots: int, masters: bool, each: str) -> None:
    needed = [{"QualificationTypeId": "2F1QJWKUDD8XADTFD2Q0G6UTO95ALH", "Comparator": "Exists"}] if masters else []
    _, task = play(provider.task("3A"), {"HIT": HIT | {"MaxAssignments": slots, "QualificationRequirements": needed}})
    assert provider.extension_cost(task, 2) == Money(each, "USD") * 2
    assert provider.approval_cost(task) == Money(each, "USD")


def test_bonuses_cost_their_fee(provider: MTurk) -> None:
    assert provider.bonus_cost(Money("1.00", "USD")) == Money("1.20", "USD")
    assert provider.bonus_cost(Money("0.01", "USD")) == Money("0.02", "USD")


def test_the_fee_is_exact() -> None:
    assert fee_of(Money("0.125", "USD"), Decimal("0.2")) == Money("0.03", "USD")
    assert rate_of(10, masters=True) == Decimal("0.45")


ENDED = HIT | {"HITStatus": "Reviewable", "Expiration": (NOW - timedelta(seconds=1)).timestamp()}


def test_cancelling_ends_it_now(provider: MTurk, play: Play) -> None:
    calls, task = play(provider.cancel(HIT["HITId"]), {}, {"HIT": ENDED})
    assert [each.operation for each in calls] == ["UpdateExpirationForHIT", "GetHIT"]
    assert sent(calls[0])["ExpireAt"] < NOW.timestamp()
    assert calls[0].effect is Effect.SETTLE
    assert (task.status, task.replayed) == (TaskStatus.CANCELLED, False)


@pytest.mark.parametrize(
    "refusal",
    [
        request_error(None, 'The idempotency token "3A + time" has already been processed.'),
        request_error("InvalidHITState"),
        OutcomeUnknown("lost"),
    ],
)
def test_whatever_cancelling_is_told_over_is_over(provider: MTurk, play: Play, refusal: Any) -> None:
    _, task = play(provider.cancel(HIT["HITId"]), refusal, {"HIT": ENDED})
    assert (task.status, task.replayed) == (TaskStatus.CANCELLED, True)
    with pytest.raises((Conflict, OutcomeUnknown)):
        play(provider.cancel(HIT["HITId"]), refusal, {"HIT": HIT})
    with pytest.raises((Conflict, OutcomeUnknown)):
        play(provider.cancel(HIT["HITId"]), refusal, ProviderUnavailable("down"))


def test_what_is_not_there_cannot_be_cancelled(provider: MTurk, play: Play) -> None:
    with pytest.raises(NotFound):
        play(provider.cancel("3A"), request_error("HITDoesNotExist"))


def operations(provider: MTurk) -> list[Operation[Any] | Flow[Any]]:
    bad = "../3"
    return [
        provider.task(bad),
        provider.cancel(bad),
        provider.submissions(bad),
        provider.block("nobody"),
        provider.extend(bad, 1),
    ]


def test_what_is_no_id_is_sent_nowhere(provider: MTurk) -> None:
    for each in operations(provider):
        with pytest.raises(InvalidRequest, match="does not fit"):
            first_call(each)


def test_the_environment_chooses_the_host() -> None:
    assert mturk().environment == "live"
    assert mturk().settings.base_url == "https://mturk-requester.us-east-1.amazonaws.com"
    there = mturk(environment="sandbox")
    assert there.settings.base_url == "https://mturk-requester-sandbox.us-east-1.amazonaws.com"
    assert mturk(base_url=there.settings.base_url).environment == "sandbox"
    assert mturk(base_url="http://127.0.0.1:1").environment == "sandbox"
    for wrong in (
        {"environment": "live", "base_url": there.settings.base_url},
        {"environment": "sandbox", "base_url": "https://mturk-requester.us-east-1.amazonaws.com"},
    ):
        with pytest.raises(ValueError, match="leave one of them out"):
            mturk(**wrong)
    assert MTurkSettings.model_fields["region"].default == "us-east-1"
