"""The JSON of campaigns and submissions, in either spelling."""

import re
from datetime import UTC, datetime
from functools import cache

from crowdhub.sandbox.values import JsonObject, is_list, is_object
from crowdhub_rapidworkers.sandbox.people import Population
from crowdhub_rapidworkers.sandbox.quirks import RapidWorkersQuirks
from crowdhub_rapidworkers.sandbox.state import Block, Campaign, Owner, SandboxSubmission


def stamp(at: datetime) -> str:
    """A time as the provider writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Shapes:
    """Writes answers as the quirks say; `origin` is the address that the client used."""

    def __init__(self, quirks: RapidWorkersQuirks, people: Population) -> None:
        self.quirks = quirks
        self.people = people

    def campaign(self, campaign: Campaign) -> JsonObject:
        """One campaign of a list, or in detail: the same fields."""
        job, counts = campaign.job, campaign.counts
        processed = counts["Approved"] + counts["Rejected"]
        remaining = campaign.open_slots
        if self.quirks.remaining_as_documented:
            remaining = max(0, job.slots - processed)
        return self.spell(
            {
                "jobId": campaign.id,
                "jobTitle": job.title,
                "jobCategory": job.category,
                "jobPay": str(job.reward),
                # "In" is what the documentation shows; taken here for a job offered everywhere.
                "jobLocation": ", ".join(job.countries) or "In",
                "jobCreatedAt": stamp(campaign.created_at),
                "jobStatus": campaign.status,
                "jobInstancesCompleted": processed,
                "jobTotalAvailabilities": job.slots,
                "jobSuccessRate": f"{100 * counts['Approved'] // job.slots}%",
                "description": job.description,
                "canceled": campaign.status == "Canceled",
                "remainingAvailabilities": remaining,
                "pendingSubmissions": counts["Pending"],
                "approvedSubmissions": counts["Approved"],
                "rejectedSubmissions": counts["Rejected"],
            }
        )

    def submission(self, campaign: Campaign, submission: SandboxSubmission, origin: str) -> JsonObject:
        """One row of the list of submissions."""
        person = self.people.person(submission.worker)
        sid = submission.id
        return self.spell(
            {
                "submissionId": sid,
                "userId": person.public_id if self.quirks.integer_user_ids else person.user_id,
                "userName": person.name,
                "userAvatar": f"{origin}/media/avatars/{person.public_id}.png",
                "campaignId": campaign.id,
                "campaignTitle": campaign.job.title,
                "status": submission.status,
                "country_name": person.country,
                "submittedAt": stamp(submission.submitted_at),
                "proof_text": submission.text,
                "images": [
                    {
                        "id": f"img_{sid}_{number}",
                        "url": f"{origin}/media/proofs/{sid}/{number}.png",
                        "thumbnailUrl": f"{origin}/media/proofs/{sid}/{number}-thumbnail.png",
                    }
                    for number in range(1, submission.images + 1)
                ],
                "notes": submission.notes,
                "workerAccountAgeDays": person.account_age_days,
                "workerApprovalRate": f"{person.approval_percent}%",
                "workerTotalCompleted": person.completed,
            }
        )

    def blocked(self, owner: Owner) -> list[JsonObject]:
        """The list of blocked workers, latest first."""
        return [self._block(block) for block in reversed(owner.blocks.values())]

    def _block(self, block: Block) -> JsonObject:
        person = self.people.person(block.worker)
        return {
            "worker_id": person.public_id if self.quirks.blocked_public_ids else block.given,
            "worker_name": person.name,
            "blocked_at": stamp(block.at),
        }

    def spell(self, shape: JsonObject) -> JsonObject:
        """The same fields in the spelling, or spellings, asked for."""
        names = self.quirks.field_names
        if names == "camel":
            return shape
        snake = {_snake(name): self._inner(value) for name, value in shape.items()}
        return {**shape, **snake} if names == "both" else snake

    def _inner(self, value: object) -> object:
        if is_list(value):
            return [self._inner(item) for item in value]
        return self.spell(value) if is_object(value) else value


@cache
def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda capital: "_" + capital[0].lower(), name)
