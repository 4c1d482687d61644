"""Each of our requests beside the one that the official client makes of the same arguments: address, body, headers, and
which of them are signed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.session import Session

from crowdhub.engine import http
from crowdhub.engine.transport import CALL, TOKEN, Signer
from crowdhub.protocol import Call, OperationRun
from crowdhub_mturk import MTurk
from tests.mturk.conftest import mturk
from tests.mturk.test_model import OPERATIONS, asked, methods

KEYS: dict[str, Any] = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "the-secret"}


def theirs(operation: str, members: Mapping[str, Any], session_token: str | None) -> AWSPreparedRequest:
    """What the official client would send."""
    client: Any = Session().create_client("mturk", region_name="us-east-1", aws_session_token=session_token, **KEYS)
    sent: list[AWSPreparedRequest] = []

    def keep(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        sent.append(request)
        return AWSResponse(request.url, 200, HTTPHeaders(), Nothing())

    client.meta.events.register("before-send.mturk", keep)
    client._make_api_call(operation, dict(members))
    return sent[0]


class Nothing:
    """A body of an empty object."""

    def stream(self, **_: object) -> list[bytes]:
        return [b"{}"]


def ours(provider: MTurk, call: Call) -> http.Request:
    bare = http.Request(call.method, provider.settings.base_url + call.path)
    bare.extensions = {"timeout": None, TOKEN: None, CALL: call}
    return Signer(provider, 10_000).signed(bare)


def signed(authorization: str) -> tuple[str, list[str]]:
    """The scope of a signature, and which headers it covers."""
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=(AKIDEXAMPLE/\d{8}/[^,]+), SignedHeaders=([^,]+), Signature=[0-9a-f]{64}",
        authorization,
    )
    assert found is not None
    return found[1].split("/", 2)[2], found[2].split(";")


def text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@pytest.mark.parametrize("session_token", [None, "a-session-token"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_it_is_the_request_of_the_official_client(operation: str, session_token: str | None) -> None:
    provider = mturk(**({} if session_token is None else {"session_token": session_token}))
    with OperationRun(methods()[operation](**asked(operation))) as run:
        call = run.start()
    assert call is not None
    mine = ours(provider, call)
    body = json.loads(mine.content)
    other = theirs(operation, body, session_token)
    assert (mine.method, str(mine.url)) == (other.method, other.url)
    assert body == json.loads(text(other.body))
    for name in ("Content-Type", "X-Amz-Target", "X-Amz-Security-Token"):
        there = other.headers.get(name)
        assert mine.headers.get(name) == (None if there is None else text(there))
    assert signed(mine.headers["Authorization"]) == signed(text(other.headers["Authorization"]))
