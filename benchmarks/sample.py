"""The whole job as the marketplace's documentation writes it, with ``requests``, against ours."""

from __future__ import annotations

import itertools
from typing import Any

import requests

from benchmarks.measure import line, sandbox, side_by_side
from crowdhub import Decision, Hub, Money, TaskDraft

WORK = 1000
ROUNDS = 3


def measure() -> None:
    print(f"Publish, list and approve {WORK:,} submissions, median of {ROUNDS} rounds")
    with sandbox("rapidworkers.instant_work=true") as accounts:
        base_url, headers = accounts["rapidworkers"]["base_url"], {"X-API-Key": accounts["rapidworkers"]["api_key"]}
        counts = {"documentation's sample code": 0, "crowdhub": 0}
        titles = (f"Job {number}" for number in itertools.count())

        def documented(_: int) -> None:
            sent = 0
            job_data: dict[str, Any] = {
                "title": next(titles),
                "description": "Fill out our form",
                "pay_rate": "0.01",
                "total_availabilities": str(WORK),
                "proof_required_description": "A screenshot",
                "category": "Survey",
            }
            job = requests.post(f"{base_url}/jobs/add", headers=headers, files=job_data, timeout=60).json()["job"]
            path = f"{base_url}/api/campaigns/{job['public_id']}/submissions/"
            data = requests.get(f"{path}?status=Pending", headers=headers, timeout=60).json()
            sent += 2
            for each in data["results"]["submissions"]:
                approve = f"{path}{each['submissionId']}/approve/"
                requests.post(approve, headers=headers, json={"notes": "Great"}, timeout=60).raise_for_status()
                sent += 1
            counts["documentation's sample code"] = sent

        def ours(_: int) -> None:
            with Hub(accounts) as hub:
                market = hub["rapidworkers"]
                draft = TaskDraft(
                    title=next(titles), instructions="Fill out our form", reward=Money("0.01", "USD"), slots=WORK,
                    proof="A screenshot", category="Survey",
                )  # fmt: skip
                task = market.publish(draft)
                decisions = [Decision.approve(each, "Great") for each in market.submissions(task, status="pending")]
                report = market.review(decisions)
                assert report.count("approved") == WORK, report.summary()
                counts["crowdhub"] = market.requests

        found = side_by_side({"documentation's sample code": documented, "crowdhub": ours}, ROUNDS)
        base = found["crowdhub"]
        for name, seconds in found.items():
            line(
                name,
                seconds,
                base,
                f"{counts[name]:,} requests" + (" (at least 5 × wanted)" if seconds != base else ""),
            )
