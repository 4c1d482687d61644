"""The sandbox on its own terms: people, filters, transitions, money, over its own wire."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest

from crowdhub.sandbox import Sandbox, SandboxError
from crowdhub.testing.prover.snapshot import Snapshot
from crowdhub_prolific.sandbox import ProlificSandbox

STUDY: dict[str, object] = {
    "name": "What do you see?",
    "description": "Look at ten pictures.",
    "external_study_url": "https://survey.example/study",
    "prolific_id_option": "url_parameters",
    "total_available_places": 2,
    "estimated_completion_time": 10,
    "reward": 150,
    "completion_codes": [{"code": "C1", "code_type": "COMPLETED", "actions": [{"action": "MANUALLY_REVIEW"}]}],
}

WRONG: list[tuple[str, object]] = [
    ("name", ""),
    ("description", None),
    ("external_study_url", None),
    ("prolific_id_option", "guess"),
    ("total_available_places", 0),
    ("estimated_completion_time", "ten"),
    ("reward", 1.5),
    ("completion_codes", []),
    ("completion_codes", [{"code": "C1", "code_type": "COMPLETED", "actions": []}]),
    ("device_compatibility", ["fridge"]),
    ("filters", ["age"]),
    ("project", "another"),
]


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox("prolific", options={"prolific": {"every": 0}}) as made:
        yield made


@pytest.fixture
def side(box: Sandbox) -> ProlificSandbox:
    return box.market(ProlificSandbox)


@pytest.fixture
def wire(box: Sandbox) -> Iterator[httpx.Client]:
    account = box.accounts["prolific"]
    headers = {"Authorization": f"Token {account['token']}"}
    with httpx.Client(base_url=str(account["base_url"]), headers=headers, trust_env=False) as client:
        yield client


def publish(wire: httpx.Client, **more: object) -> str:
    study = wire.post("/studies/", json={**STUDY, **more})
    assert study.status_code == 201
    number = str(study.json()["id"])
    assert wire.post(f"/studies/{number}/transition/", json={"action": "PUBLISH"}).status_code == 200
    return number


def move(wire: httpx.Client, study: str, action: str) -> int:
    return wire.post(f"/studies/{study}/transition/", json={"action": action}).status_code


def test_transitions_of_a_study(wire: httpx.Client, side: ProlificSandbox) -> None:
    study = publish(wire)
    for action, status in [
        ("PUBLISH", 400),
        ("START", 400),
        ("PAUSE", 200),
        ("PAUSE", 400),
        ("START", 200),
        ("STOP", 200),
        ("STOP", 400),
        ("START", 400),
        ("DANCE", 400),
    ]:
        assert (action, move(wire, study, action)) == (action, status)
    books = side.books()
    assert (books.charged, books.refunded) == (Decimal("4.08"), Decimal("4.08"))
    assert books.agree()


def test_a_published_study_takes_few_changes(wire: httpx.Client) -> None:
    draft = wire.post("/studies/", json=STUDY).json()["id"]
    assert wire.patch(f"/studies/{draft}/", json={"reward": 200, "total_available_places": 1}).json()["reward"] == 200
    assert wire.delete(f"/studies/{draft}/").status_code == 200
    study = publish(wire)
    assert wire.patch(f"/studies/{study}/", json={"reward": 200}).status_code == 400
    assert wire.patch(f"/studies/{study}/", json={"total_available_places": 1}).status_code == 400
    assert wire.patch(f"/studies/{study}/", json={"internal_name": "mine"}).json()["internal_name"] == "mine"
    assert wire.delete(f"/studies/{study}/").status_code == 400


@pytest.mark.parametrize(("member", "value"), WRONG)
def test_what_is_wrong_with_a_study_is_named(wire: httpx.Client, member: str, value: object) -> None:
    answer = wire.post("/studies/", json={**STUDY, member: value})
    assert answer.status_code == 400
    assert member in answer.json()["error"]["detail"]


def test_all_faults_are_in_one_answer(wire: httpx.Client) -> None:
    detail = wire.post("/studies/", json={}).json()["error"]["detail"]
    assert len(detail) == 8


def test_filters_keep_people_out(wire: httpx.Client, side: ProlificSandbox) -> None:
    first = publish(wire)
    (work,) = side.hand_in(first)
    group = wire.post(
        "/participant-groups/",
        json={"workspace_id": side.space.id, "name": "some", "participant_ids": [work.participant]},
    ).json()["id"]

    def sees(filter_id: str, value: str) -> bool:
        study = publish(wire, filters=[{"filter_id": filter_id, "selected_values": [value]}])
        try:
            side.hand_in(study, participant=work.participant)
        except SandboxError:
            return False
        return True

    assert not sees("participant_group_blocklist", group)
    assert sees("participant_group_allowlist", group)
    assert not sees("previous_studies_blocklist", first)
    assert sees("previous_studies_allowlist", first)
    assert sees("handedness", "left")


def test_nobody_takes_part_twice_or_without_a_place(wire: httpx.Client, side: ProlificSandbox) -> None:
    study = publish(wire)
    (work,) = side.hand_in(study)
    with pytest.raises(SandboxError, match="not shown"):
        side.hand_in(study, participant=work.participant)
    held = side.reserve(study)
    with pytest.raises(SandboxError, match="0 free places"):
        side.hand_in(study)
    side.give_back(held)
    with pytest.raises(SandboxError):
        side.finish(held)
    side.finish(side.reserve(study), "MINE")
    assert {each.code for each in side.study(study).taken_part.values()} == {"C1", "MINE", None}


def test_a_bonus_is_in_whole_units_and_paid_each_time(wire: httpx.Client, side: ProlificSandbox) -> None:
    study = publish(wire)
    one, two = side.hand_in(study, 2)
    csv = f"{one.id},1.50\n{two.participant}, 30"
    setup = wire.post("/submissions/bonus-payments/", json={"study_id": study, "csv_bonuses": csv}).json()
    assert (setup["amount"], setup["fees"], setup["vat"], setup["total_amount"]) == (3150, 945, 189, 4284)
    before = side.books().charged
    for _ in range(2):
        assert wire.post(f"/bulk-bonus-payments/{setup['id']}/pay/").status_code == 202
    assert side.books().charged - before == 2 * Decimal("42.84")
    assert wire.get(f"/submissions/{one.id}/").json()["bonus_payments"] == []
    side.clock.advance(minutes=2)
    assert wire.get(f"/submissions/{one.id}/").json()["bonus_payments"] == [150, 150]
    assert side.books().agree()


@pytest.mark.parametrize("csv", ["", "x,1.00", "ID", "ID,much", "ID,0", "ID,0.001"])
def test_what_is_wrong_with_bonuses(wire: httpx.Client, side: ProlificSandbox, csv: str) -> None:
    study = publish(wire)
    (work,) = side.hand_in(study)
    body = {"study_id": study, "csv_bonuses": csv.replace("ID", work.id)}
    assert wire.post("/submissions/bonus-payments/", json=body).status_code == 400


def test_scripted_people_come_as_time_passes() -> None:
    with Sandbox("prolific", options={"prolific": {"every": 60, "poor_share": 0.5}}) as box:
        side, account = box.market(ProlificSandbox), box.accounts["prolific"]
        headers = {"Authorization": f"Token {account['token']}"}
        with httpx.Client(base_url=str(account["base_url"]), headers=headers, trust_env=False) as wire:
            study = publish(wire, total_available_places=20)
        box.advance(minutes=10)
        works = side.study(study).taken_part.values()
        assert len(works) == 10
        assert {each.code for each in works} == {"C1", None}
        box.advance(hours=1)
        assert side.study(study).free == 0


def test_without_the_token_nothing_is_shown(wire: httpx.Client) -> None:
    assert wire.get("/studies/x/", headers={"Authorization": "Bearer x"}).status_code == 401
    assert wire.get("/nowhere/").status_code == 404
    assert wire.put("/studies/").status_code == 405
    assert wire.post("/studies/", content=b"{").status_code == 400


def test_it_can_be_copied(wire: httpx.Client, side: ProlificSandbox) -> None:
    study = publish(wire)
    side.hand_in(study)
    copy = Snapshot(side).copy(side.clock)
    assert isinstance(copy, ProlificSandbox)
    copy.hand_in(study)
    assert (len(side.study(study).taken_part), len(copy.study(study).taken_part)) == (1, 2)
