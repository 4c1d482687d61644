"""Sandboxes that strangers write: some do their work in threads."""

from __future__ import annotations

import anyio.to_thread
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from crowdhub.testing.prover import Prover
from crowdhub.testing.prover.scenarios import scenario_of
from crowdhub_capsolver.sandbox import CapSolverSandbox


class InThreads:
    """An application that does its work in a thread, as one of plain functions does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await anyio.to_thread.run_sync(lambda: None)
        await self._app(scope, receive, send)


def test_one_that_works_in_threads(monkeypatch: pytest.MonkeyPatch, prover: Prover) -> None:
    made = CapSolverSandbox.app

    def app(self: CapSolverSandbox) -> ASGIApp:
        return InThreads(made(self))

    expected = prover.prove(scenario_of("capsolver/publish/one"), 1)
    monkeypatch.setattr(CapSolverSandbox, "app", app)
    proof = prover.prove(scenario_of("capsolver/publish/one"), 1)
    assert (proof.paths, proof.unknown) == (expected.paths, expected.unknown)
    assert not proof.violations
