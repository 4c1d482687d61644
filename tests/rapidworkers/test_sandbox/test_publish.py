from __future__ import annotations

import json
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING

import httpx
import pytest

from crowdhub.sandbox import SandboxError, png
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

if TYPE_CHECKING:
    from tests.rapidworkers.test_sandbox.conftest import Publish, Refused


def test_publishing_answers_and_charges_as_documented(
    api: httpx.Client, market: RapidWorkersSandbox, form: dict[str, str]
) -> None:
    form |= {"pay_rate": "5.00", "title": "Test Job"}
    answer = api.post("/jobs/add", files={name: (None, value) for name, value in form.items()})
    assert answer.status_code == 201
    body = answer.json()
    job_id = body["job"].pop("public_id")
    assert str(uuid.UUID(job_id)) == job_id
    assert body == {
        "success": True,
        "message": "Job created successfully",
        "job": {"title": "Test Job", "status": "Active", "pay_rate": "5.00", "total_availabilities": 10},
        "deduction_details": {
            "total_cost": "50.00",
            "commission": "5.00",
            "total_deducted": "55.00",
            "new_balance": "945.00",
        },
    }
    books = market.books()
    assert books.agree()
    (charge,) = books.charges
    assert (charge.kind, charge.task_id, charge.amount) == ("publish", job_id, Decimal("55.00"))
    assert (charge.reference, charge.commission) == ("Test Job", Decimal("5.00"))


def test_text_fields_may_arrive_as_file_parts(
    api: httpx.Client, market: RapidWorkersSandbox, form: dict[str, str]
) -> None:
    files: dict[str, tuple[str | None, bytes | str]] = {name: (name, text.encode()) for name, text in form.items()}
    files["countries"] = (None, '["US", "CA", "GB"]')
    answer = api.post("/jobs/add", files=files)
    assert answer.status_code == 201
    assert market.jobs()[0].job.countries == ("US", "CA", "GB")
    assert market.jobs()[0].job.title == form["title"]


def test_text_beyond_ascii_survives(publish: Publish, market: RapidWorkersSandbox) -> None:
    publish(title="Заполните анкету 问卷 ✓")
    assert market.jobs()[0].job.title == "Заполните анкету 问卷 ✓"


def test_an_image_is_stored_and_served(api: httpx.Client, form: dict[str, str]) -> None:
    picture = png("campaign")
    answer = api.post("/jobs/add", data=form, files={"campaign_image": ("cat.png", picture, "image/png")})
    served = httpx.get(f"{api.base_url}/media/campaigns/{answer.json()['job']['public_id']}")
    assert (served.content, served.headers["content-type"]) == (picture, "image/png")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": " "}, "title: This field is required."),
        ({"pay_rate": "-1"}, "pay_rate: A valid number"),
        ({"pay_rate": "0.00"}, "pay_rate: Must be greater than zero."),
        ({"pay_rate": "0.005"}, "pay_rate: A valid number"),
        ({"pay_rate": "NaN"}, "pay_rate: A valid number"),
        ({"total_availabilities": "0"}, "total_availabilities: Ensure"),
        ({"total_availabilities": "1.5"}, "total_availabilities: A valid integer"),
        ({"countries": "[US"}, "countries: Value must be valid JSON."),
        ({"countries": '["Spain"]'}, "countries: Expected"),
        ({"countries": '{"US": 1}'}, "countries: Expected"),
        ({"approve_once_full": "maybe"}, "approve_once_full: Must be a valid boolean."),
    ],
)
def test_bad_fields_are_400_and_cost_nothing(
    api: httpx.Client,
    market: RapidWorkersSandbox,
    form: dict[str, str],
    refused: Refused,
    changes: dict[str, str],
    said: str,
) -> None:
    form |= changes
    status, error = refused(api.post("/jobs/add", files={k: (None, v) for k, v in form.items()}))
    assert status == 400
    assert said in error
    assert market.books().charges == ()


def test_every_missing_field_is_named(api: httpx.Client, refused: Refused) -> None:
    status, error = refused(api.post("/jobs/add", files={"sub_category": (None, "x")}))
    assert status == 400
    for name in ("title", "description", "pay_rate", "total_availabilities", "category"):
        assert f"{name}: This field is required." in error
    assert "proof_required_description" in error


def test_bytes_that_are_no_text_or_no_picture_are_400(
    api: httpx.Client, form: dict[str, str], refused: Refused
) -> None:
    files: dict[str, tuple[str | None, bytes | str]] = {name: (None, value) for name, value in form.items()}
    answer = api.post("/jobs/add", files=files | {"title": ("title", b"\xff\xfe")})
    assert "title: Not a valid string." in refused(answer)[1]
    answer = api.post("/jobs/add", files=files | {"campaign_image": ("x.png", b"no picture")})
    assert "campaign_image: Upload a valid image." in refused(answer)[1]


def test_only_multipart_is_a_job(api: httpx.Client, form: dict[str, str], refused: Refused) -> None:
    assert refused(api.post("/jobs/add", json=form))[0] == 400
    assert refused(api.post("/jobs/add", data=form))[0] == 400
    broken = api.post("/jobs/add", content=b"x", headers={"Content-Type": "multipart/form-data"})
    assert refused(broken)[0] == 400


@pytest.mark.parametrize("form_of_list", [{"countries": '["US", "IN"]'}, {"countries": ["US", "IN"]}])
def test_countries_come_as_json_or_repeated(
    api: httpx.Client, market: RapidWorkersSandbox, form: dict[str, str], form_of_list: dict[str, str | list[str]]
) -> None:
    answer = api.post("/jobs/add", data=form | form_of_list, files={"sub_category": (None, "Feedback")})
    assert answer.status_code == 201
    assert market.jobs()[0].job.countries == ("US", "IN")
    assert market.jobs()[0].job.sub_category == "Feedback"
    assert api.get("/api/campaigns/").json()[0]["jobLocation"] == "US, IN"


def test_one_bare_country_and_none_at_all(publish: Publish, market: RapidWorkersSandbox) -> None:
    publish(countries="US")
    publish(countries="")
    assert [campaign.job.countries for campaign in market.jobs()] == [("US",), ()]


@pytest.mark.parametrize("field", ["title", "description", "proof_required_description"])
def test_the_legitimacy_check_is_403_and_costs_nothing(
    api: httpx.Client, market: RapidWorkersSandbox, form: dict[str, str], refused: Refused, field: str
) -> None:
    form[field] = "Send us your PASSWORD"
    status, error = refused(api.post("/jobs/add", files={k: (None, v) for k, v in form.items()}))
    assert status == 403
    assert "legitimacy check" in error
    assert market.books().charges == ()


def test_too_little_money_is_400(
    api: httpx.Client, market: RapidWorkersSandbox, form: dict[str, str], refused: Refused
) -> None:
    market.set_balance("27.49")
    answer = api.post("/jobs/add", files={k: (None, v) for k, v in form.items()})
    assert refused(answer) == (400, "Insufficient balance. Required: 27.50")
    market.set_balance("27.50")
    assert api.post("/jobs/add", files={k: (None, v) for k, v in form.items()}).status_code == 201
    assert api.post("/account/get_balance").json() == {"balance": "0.00"}
    assert market.books().agree()


def test_commission_is_rounded_to_cents(publish: Publish, market: RapidWorkersSandbox) -> None:
    publish(pay_rate="0.05", total_availabilities="1")
    assert market.books().charges[0].commission == Decimal("0.01")


def test_a_moderated_campaign_waits(api: httpx.Client, publish: Publish, market: RapidWorkersSandbox) -> None:
    market.quirks.moderation = True
    job_id = publish()
    assert api.get("/api/campaigns/?status=Pending").json()[0]["jobStatus"] == "Pending"
    with pytest.raises(SandboxError, match="Pending"):
        market.hand_in(job_id)
    market.activate(job_id)
    assert len(market.hand_in(job_id)) == 1
    with pytest.raises(SandboxError, match="not Pending"):
        market.activate(job_id)


NAMES = [
    "facebook-likes",
    "facebook-shares",
    "instagram-likes",
    "instagram-followers",
    "twitter-likes",
    "twitter-followers",
    "twitter-retweets",
    "trustpilot-reviews",
    "9gag-upvotes",
    "youtube-likes",
]


@pytest.mark.parametrize("name", NAMES)
def test_each_ready_made_job_is_five_cents(api: httpx.Client, market: RapidWorkersSandbox, name: str) -> None:
    wanted = {"link": "https://example.com/post/123", "quantity": 50, "countries": ["US", "GB"]}
    answer = api.post(f"/api/jobs/{name}/", json=wanted | {"language": "en"})
    assert answer.status_code == 201
    body = answer.json()
    campaign = market.job(body.pop("job_id"))
    assert body == {"success": True, "message": "Job created successfully", "total_cost": "2.50"}
    assert campaign.job.auto_approve
    assert campaign.job.slots == 50
    assert market.books().charged == Decimal("2.75")


def test_a_ready_made_job_can_be_reviewed_by_hand(api: httpx.Client, market: RapidWorkersSandbox) -> None:
    wanted = {"link": "https://example.com/1", "quantity": "6", "approve_once_full": False}
    job_id = api.post("/api/jobs/youtube-likes/", json=wanted).json()["job_id"]
    market.hand_in(job_id, 6)
    assert len(market.submissions(job_id, "Pending")) == 6


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"link": ""}, "link: This field is required."),
        ({"link": "no link"}, "link: Enter a valid URL."),
        ({"quantity": 5}, "quantity: Ensure this value is greater than or equal to 6."),
        ({"quantity": None}, "quantity: This field is required."),
        ({"quantity": 7.5}, "quantity: A valid integer"),
        ({"quantity": True}, "quantity: A valid integer"),
        ({"countries": "US"}, "countries: Expected"),
        ({"approve_once_full": "yes"}, "approve_once_full: Must be"),
        ({"language": 1}, "language: Not a valid string."),
        ({"quantity": 1_000_000}, "Insufficient balance."),
    ],
)
def test_bad_ready_made_jobs_are_400(
    api: httpx.Client, market: RapidWorkersSandbox, refused: Refused, changes: dict[str, object], said: str
) -> None:
    wanted = {"link": "https://example.com/1", "quantity": 6} | changes
    status, error = refused(api.post("/api/jobs/facebook-likes/", content=json.dumps(wanted)))
    assert status == 400
    assert said in error
    assert market.books().charges == ()


def test_an_unknown_ready_made_job_is_404(api: httpx.Client, refused: Refused) -> None:
    assert refused(api.post("/api/jobs/myspace-likes/", json={}))[0] == 404
