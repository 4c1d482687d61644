from __future__ import annotations

import json
import signal
import subprocess
import sys

import httpx
import pytest

from crowdhub.sandbox import Sandbox, SandboxError, sandbox_names
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox


def test_it_is_found_by_its_name() -> None:
    assert "rapidworkers" in sandbox_names()
    with Sandbox("rapidworkers", seed=3, options={"rapidworkers": {"balance": "5", "campaign_page": True}}) as box:
        assert isinstance(box["rapidworkers"], RapidWorkersSandbox)
        account = box.accounts["rapidworkers"]
        with httpx.Client(base_url=account["base_url"], headers={"X-API-Key": account["api_key"]}) as api:
            assert api.post("/account/get_balance").json() == {"balance": "5.00"}
            assert api.get("/api/campaigns/").json()["results"] == []


def test_an_unknown_option_is_named() -> None:
    with pytest.raises(SandboxError, match=r"no option 'bogus'.*campaign_page"):
        Sandbox("rapidworkers", options={"rapidworkers": {"bogus": 1}})


def test_it_runs_in_a_process_of_its_own_until_it_is_told_to_stop() -> None:
    command = [sys.executable, "-W", "error", "-m", "crowdhub.sandbox", "rapidworkers", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            account = json.loads(process.stdout.readline())["rapidworkers"]
            key = {"X-API-Key": account["api_key"]}
            assert httpx.post(f"{account['base_url']}/account/get_balance", headers=key).status_code == 200
        finally:
            process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=10)
    assert (process.returncode, rest) == (0, ("", ""))
