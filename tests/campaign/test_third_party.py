"""A marketplace of somebody else's, as `crowdhub plugin new` writes it, goes through campaign and demo as ours do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crowdhub import demo, registry, scaffold
from crowdhub.demo.show import Silent
from crowdhub.model import Verdict
from crowdhub.testing.campaign import LedgerHost, names, run
from crowdhub.testing.campaign.audit import UNEXPLAINED
from crowdhub.testing.campaign.experiment import Experiment
from crowdhub.testing.campaign.kills import CONDITIONS, Kills
from crowdhub.testing.campaign.processes import Processes
from crowdhub.testing.campaign.profile import profile_of
from crowdhub.testing.campaign.requests import costly_requests
from tests.support.distributions import Distributions, distributions

pytestmark = pytest.mark.packages

NAME = "bee-hive"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Distributions]:
    """What is installed besides ours: the generated plugin."""
    with distributions(tmp_path / "others", monkeypatch) as found:
        found.install_project(scaffold.create(NAME, tmp_path / "project"))
        registry.load.cache_clear()
        costly_requests.cache_clear()
        yield found
    registry.load.cache_clear()
    costly_requests.cache_clear()


def test_what_it_can_do_is_learned(site: Distributions) -> None:
    assert NAME in names()
    profile = profile_of(NAME)
    assert profile.verdicts == [Verdict.APPROVE, Verdict.REJECT]
    assert profile.draft(1) != profile.draft(2)
    costly = costly_requests(NAME)
    assert costly.publish.meets("POST", "/tasks", None)
    assert list(costly.repeated) == [costly.publish]


PUBLISHES = 'reply = yield Call.post("/tasks", json=body, effect=Effect.SPEND)\n'
IN_STEPS = """reply = yield Call.post("/tasks", json=body, effect=Effect.SPEND, costs=False)
        path = f"/tasks/{self._task(load_json(reply)).id}/boost"
        reply = yield Call.post(path, json={"days": 1, "memo": draft.reference}, effect=Effect.SPEND)
"""


def test_the_call_that_pays_may_have_an_id_in_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = scaffold.create("ant-hill", tmp_path / "project")
    file = project / "src/crowdhub_ant_hill/provider.py"
    text = file.read_text(encoding="utf-8")
    assert text.count(PUBLISHES) == 1
    _ = file.write_text(text.replace(PUBLISHES, IN_STEPS), encoding="utf-8")
    with distributions(tmp_path / "others", monkeypatch) as found:
        found.install_project(project)
        costly = costly_requests("ant-hill")
        costly_requests.cache_clear()
    assert costly.publish.meets("POST", "/tasks/t99/boost", None)
    assert not costly.publish.meets("POST", "/tasks", None)
    assert list(costly.repeated) == [costly.publish]


def test_a_campaign(site: Distributions, host: LedgerHost) -> None:
    report = run(NAME, host, operations=60, seed=3, kills=False, compare=40)
    assert report.good, report.findings.duplicates + report.findings.lost
    assert report.findings.done["published"] >= 5
    assert 0 < report.findings.async_operations < report.findings.operations
    assert report.findings.done["decisions carried out"] >= 10
    assert report.findings.faults["several processes with one key"] == 3
    assert not any(UNEXPLAINED in each for each in report.findings.unknown), report.findings.unknown
    assert report.naive is not None
    assert report.naive.duplicates > 0


def test_kills(site: Distributions, host: LedgerHost) -> None:
    lost = "with the answer lost, work done"
    with Processes() as processes, Experiment(profile_of(NAME), 1, host.new(), rate=0) as experiment:
        kills = Kills(experiment, processes, quick=True)
        kills.publishing(lost, CONDITIONS[lost])
    assert kills.findings.good, kills.findings.duplicates + kills.findings.lost
    assert kills.findings.faults["kill -9"] >= 12


def test_the_demo(site: Distributions) -> None:
    report = demo.run(Silent(), [NAME])
    assert report.problems == ()
    (row,) = report.rows
    assert (row["marketplace"], row["published"], row["approved"]) == (NAME, 1, 8)
    assert row["answers_lost"] == 1
    assert row["paid"] == "4.00 USD"


class Notes(Silent):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def note(self, what: str) -> None:
        self.heard.append(what)


def test_a_plugin_that_cannot_be_loaded_is_left_out_of_the_demo(site: Distributions) -> None:
    for group in ("providers", "sandboxes", "conformance"):
        site.install("broken", "raise RuntimeError('no licence file')", group=f"crowdhub.{group}", distribution=group)
    notes = Notes()
    report = demo.run(notes)
    assert report.problems == ()
    assert NAME in [row["marketplace"] for row in report.rows]
    assert "broken" not in [row["marketplace"] for row in report.rows]
    assert any("no licence file" in note for note in notes.heard)
