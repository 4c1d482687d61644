"""RapidWorkers, as the conformance kit has to know it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from crowdhub.model import Money, Submission, Task, TaskDraft
from crowdhub.protocol import AnyProvider, Operation
from crowdhub.testing import CampaignPlan, DemoPlan, HandedIn, LostAnswer, Subject
from crowdhub_rapidworkers.jobs import ReadyMade
from crowdhub_rapidworkers.provider import RapidWorkers
from crowdhub_rapidworkers.settings import RapidWorkersOptions

if TYPE_CHECKING:
    from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

PROOFS = (b"\x89PNG a first proof", b"\x89PNG a second proof")


def _judge(work: Submission) -> str | None:
    missing = [name for name, there in (("text", work.text), ("screenshot", work.files)) if not there]
    return f"There is no {' and no '.join(missing)}." if missing else None


def _likes(provider: AnyProvider, number: int) -> Operation[Task]:
    """Likes here or there, for one price: what was bought cannot be told from the price."""
    assert isinstance(provider, RapidWorkers)
    job = (ReadyMade.FACEBOOK_LIKES, ReadyMade.TWITTER_LIKES)[number % 2]
    return provider.ready_made(job, link="https://example.com/page", quantity=10)


class RapidWorkersSubject(Subject["RapidWorkersSandbox"]):
    provider = "rapidworkers"
    sandbox_options: ClassVar[Mapping[str, object]] = {"balance": "100000.00", "rate_limit": None, "work_rate": 0}
    readings: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "sample": {  # the sample code, where the example answers say otherwise
            "field_names": "snake",
            "campaign_page": True,
            "newest_first": True,
            "integer_user_ids": True,
            "blocked_public_ids": True,
            "retry_after": "date",
        }
    }
    page_rows = 1000
    tasks_rows = 3
    least_in_bulk = 5
    tasks_options: ClassVar[Mapping[str, object]] = {"campaign_page": True, "campaign_page_size": 3}
    unknown_id = "00000000-0000-4000-8000-000000000000"
    campaign = CampaignPlan(
        sandbox={"rate_limit": 1000},
        purchase=_likes,
        purchase_settings={"allow_engagement_jobs": True},
    )
    demo = DemoPlan(
        reward=Money("0.25", "USD"),
        slots=60,
        options=(RapidWorkersOptions(category="Data entry"),),
        judge=_judge,
        scripted=True,
        lost=(LostAnswer(r"^/jobs/add$"), LostAnswer(r"/approve/$")),
        how="in bulk, as every slot holds good work and nothing unseen can be approved",
        sandbox={"work_rate": 30, "poor_share": 0.15},
    )

    def draft(self) -> TaskDraft:
        return TaskDraft(
            title="Try a newsletter",
            instructions="Sign up with a new address and open the first letter.",
            reward=Money("0.10", "USD"),
            proof="A screenshot of the letter",
            category="Sign up",
        )

    def hand_in(self, sandbox: RapidWorkersSandbox, task_id: str, count: int = 1) -> None:
        _ = sandbox.hand_in(task_id, count, images=PROOFS)

    def published(self, sandbox: RapidWorkersSandbox, task_id: str) -> Mapping[str, object] | None:
        campaign = sandbox.job(task_id)
        job = campaign.job
        return {
            "title": job.title,
            "instructions": job.description,
            "reward": Money(job.reward, "USD"),
            "slots": job.slots,
            "proof": job.proof,
            "category": job.category,
            "subcategory": job.sub_category,
            "countries": job.countries,
            "image": job.image,
            "auto_approve": job.auto_approve,
        }

    def handed_in(self, sandbox: RapidWorkersSandbox, submission: Submission) -> HandedIn:
        (work,) = [each for each in sandbox.submissions(submission.task_id) if str(each.id) == submission.id]
        return HandedIn(text=work.text, files=PROOFS[: work.images])

    def told(self, sandbox: RapidWorkersSandbox, submission: Submission) -> str | None:
        (work,) = [each for each in sandbox.submissions(submission.task_id) if str(each.id) == submission.id]
        return work.notes
