"""What the ledger keeps of answers goes through the cleaning of fetched tokens as well."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from pathlib import Path

from crowdhub import Hub, Money, TaskDraft
from crowdhub.errors import CrowdhubError
from tests.hostile.conftest import Hostile, answer
from tests.secrets.evidence import Evidence
from tests.support.hand_clock import HandClock

TOKEN = "fetched-token-0123456789abcdef"


def test_a_token_that_an_answer_repeats(evidence: Evidence, tmp_path: Path) -> None:
    hostile = Hostile()

    def script(connection: socket.socket, number: int) -> None:
        request = hostile.requests[-1]
        said: object = [] if request.startswith(b"GET") else {"id": "77", "status": "open", "note": f"by {TOKEN}"}
        if b"/oauth/token " in request:
            said = {"access_token": {"id": TOKEN, "ttl": 3600}}
        elif b"/balance" in request:
            said = {"balance": "1000"}
        connection.sendall(answer(json.dumps(said).encode()))

    hostile.script = script
    keys = {"api_key": "ck-0123456789", "api_secret": "cs-0123456789"}
    account = {**keys, "base_url": hostile.url, "account_url": hostile.url}
    draft = TaskDraft(title="T", instructions="D", proof="p", reward=Money("50", "CNY"))
    with Hub({"crowdsdom": account}, ledger=tmp_path / "ledger.sqlite3", clock=HandClock()) as hub:
        with suppress(CrowdhubError):
            hub["crowdsdom"].publish(draft, key="k")
        evidence.files(tmp_path)
    hostile.close()
    assert any(request.startswith(b"POST /jobs") for request in hostile.requests)
    evidence.secrets.add(TOKEN)
    assert evidence.leaks() == {}
    assert any("[secret]" in text for texts in evidence.texts.values() for text in texts)
