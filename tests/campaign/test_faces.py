"""A campaign goes through `Hub` and `AsyncHub`, and would notice what is wrong with one of them alone."""

from __future__ import annotations

from collections import Counter

import pytest

from crowdhub.engine import http
from crowdhub.engine.client import Began, BlockingClient, LoopClient
from crowdhub.errors import CrowdhubError
from crowdhub.ledger import Intent, Ledger
from crowdhub.protocol import Response
from crowdhub.testing.campaign import Face, LedgerHost
from crowdhub.testing.campaign.cancels import REQUESTS, WRITE
from crowdhub.testing.campaign.experiment import Experiment
from crowdhub.testing.campaign.profile import profile_of
from tests.campaign.playing import played

CANCELS = {*REQUESTS, WRITE}


@pytest.mark.parametrize("face", ["sync", "async", "both"])
def test_requests_leave_by_the_face_that_was_asked_for(
    host: LedgerHost, monkeypatch: pytest.MonkeyPatch, face: Face
) -> None:
    left: Counter[str] = Counter()
    blocking, loop = BlockingClient.send, LoopClient.send

    async def by_hub(self: BlockingClient, request: http.Request, began: Began) -> Response:
        left["sync"] += 1
        return await blocking(self, request, began)

    async def by_async_hub(self: LoopClient, request: http.Request, began: Began) -> Response:
        left["async"] += 1
        return await loop(self, request, began)

    monkeypatch.setattr(BlockingClient, "send", by_hub)
    monkeypatch.setattr(LoopClient, "send", by_async_hub)
    with Experiment(profile_of("etxt"), 1, host.new(), rate=0, face=face) as experiment:
        experiment.play(30)
    findings = experiment.findings
    assert set(left) == ({"sync", "async"} if face == "both" else {face})
    assert findings.operations == 30
    assert findings.async_operations in {"sync": [0], "async": [30], "both": range(5, 26)}[face]


def test_tasks_are_cancelled_in_requests_and_at_transactions(host: LedgerHost) -> None:
    faults: Counter[str] = Counter()
    for seed in range(4):
        findings = played("capsolver", host, seed, face="async")
        assert findings.good, findings.duplicates + findings.lost
        faults += findings.faults
    assert set(faults) >= CANCELS
    assert not CANCELS & set(played("capsolver", host, 0, face="sync").faults)


def test_a_request_that_only_the_event_loop_sends_twice_is_found(
    host: LedgerHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = LoopClient.send

    async def twice(self: LoopClient, request: http.Request, began: Began) -> Response:
        if request.method == "POST":
            _ = await real(self, request, began)
        return await real(self, request, began)

    monkeypatch.setattr(LoopClient, "send", twice)
    assert any("bought" in case for case in played("capsolver", host, rate=0, operations=20).duplicates)
    assert played("capsolver", host, rate=0, operations=20, face="sync").good


def test_a_cancelled_payment_taken_for_undone_is_found(host: LedgerHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def undone(self: Ledger, intent: Intent, error: CrowdhubError | str) -> Intent:
        return self.fail(intent, error)

    monkeypatch.setattr(Ledger, "left", undone)
    findings = played("capsolver", host, face="async")
    assert findings.duplicates or findings.lost
    assert played("capsolver", host, face="sync").good
