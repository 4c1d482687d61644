"""The front door: signatures, types and patterns, too many requests."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from crowdhub.sandbox import Fault
from crowdhub_mturk.sandbox.refusal import FrontDoorRefusal
from crowdhub_mturk.sandbox.signature import Arrived, Guard, Keys
from tests.mturk.signed import HIT, TARGET, Requester, mturk, refusal, requester

__all__ = ["mturk"]
ANYBODY = {"QualificationTypeId": "00000000000000000060", "Comparator": "Exists"}


def test_a_wrong_secret_and_an_unknown_key_are_told_apart(mturk: Requester) -> None:
    right = dict(mturk.settings)
    mturk.settings["secret_access_key"] = "another"
    assert mturk.refused("GetAccountBalance").kind == "InvalidSignatureException"
    mturk.settings.update(right, access_key_id="another")
    assert mturk.refused("GetAccountBalance").kind == "UnrecognizedClientException"
    mturk.settings.update(right, session_token="of nobody")
    assert mturk.refused("GetAccountBalance").kind == "UnrecognizedClientException"


@pytest.mark.parametrize(
    ("off", "words"), [(-301, "Signature expired"), (301, "Signature not yet current"), (-299, None), (299, None)]
)
def test_a_clock_may_be_five_minutes_off(mturk: Requester, off: int, words: str | None) -> None:
    mturk.off = timedelta(seconds=off)
    if words is None:
        mturk.call("GetAccountBalance")
        return
    refused = mturk.refused("GetAccountBalance")
    assert refused.kind == "InvalidSignatureException"
    assert words in refused.words


NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True).map(lambda name: f"X-Amz-Of-{name}")
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126))


@given(st.binary(), st.text(min_size=1), st.dictionaries(NAMES, VALUES, max_size=3), st.none() | st.just("token"))
def test_it_agrees_with_botocores_signer(body: bytes, secret: str, more: dict[str, str], token: str | None) -> None:
    at = datetime(2026, 1, 15, 9, tzinfo=UTC)
    headers = {"Host": "127.0.0.1:8080", "Content-Type": "application/x-amz-json-1.1", **more}
    request = AWSRequest("POST", "http://127.0.0.1:8080/", headers=headers, data=body)
    with patch("botocore.auth.get_current_datetime", return_value=at):
        SigV4Auth(Credentials("key", secret, token), "mturk-requester", "us-east-1").add_auth(request)
    arrived = Arrived([(name, value) for name, value in request.headers.items()], body)
    Guard(Keys("key", secret, token), 400).check(arrived, at)
    with pytest.raises(FrontDoorRefusal):
        Guard(Keys("key", secret + "x", token), 400).check(arrived, at)
    with pytest.raises(FrontDoorRefusal):
        Guard(Keys("key", secret, token), 400).check(Arrived(arrived.headers, body + b" "), at)


@pytest.mark.parametrize("wrong", [{"service": "mturk"}, {"region": "us-west-2"}])
def test_the_scope_names_service_and_region(mturk: Requester, wrong: dict[str, str]) -> None:
    for name, value in wrong.items():
        setattr(mturk, name, value)
    assert mturk.refused("GetAccountBalance").kind == "InvalidSignatureException"


def test_what_was_not_signed_is_not_let_through(mturk: Requester) -> None:
    address, headers = mturk.request("GetAccountBalance", b"{}")

    def sent(changed: dict[str, str], body: bytes = b"{}") -> str:
        return refusal(mturk.http.post(address, content=body, headers={**headers, **changed})).kind

    assert sent({}, b"{ }") == "InvalidSignatureException"
    assert sent({"X-Amz-Target": TARGET + "ListHITs"}) == "InvalidSignatureException"
    assert sent({"X-Amz-More": "unsigned"}) == "InvalidSignatureException"
    without_host = headers["Authorization"].replace("host;", "")
    assert sent({"Authorization": without_host}) == "InvalidSignatureException"
    assert sent({"Authorization": "Basic abc"}) == "IncompleteSignatureException"
    assert sent({"Authorization": headers["Authorization"].partition(", Signature")[0]}) == (
        "IncompleteSignatureException"
    )
    assert sent({"Authorization": headers["Authorization"].replace("/aws4_request", "")}) == (
        "IncompleteSignatureException"
    )
    assert sent({"X-Amz-Date": "yesterday"}) == "IncompleteSignatureException"
    del headers["Authorization"]
    assert sent({}) == "MissingAuthenticationTokenException"


def test_temporary_keys_need_their_token_and_end() -> None:
    with requester(temporary=3_600, refused_signature_status=403) as mturk:
        mturk.call("GetAccountBalance")
        token = mturk.settings.pop("session_token")
        refused = mturk.refused("GetAccountBalance")
        assert (refused.kind, refused.status) == ("UnrecognizedClientException", 403)
        mturk.settings["session_token"] = token
        mturk.box.advance(hours=1)
        assert mturk.refused("GetAccountBalance").kind == "ExpiredTokenException"


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"Reward": 0.5}, "SerializationException"),
        ({"Reward": "$0.50"}, "ValidationException"),
        ({"Reward": "0.505"}, "ValidationException"),
        ({"Title": None}, "SerializationException"),
        ({"Titel": "x"}, "SerializationException"),
        ({"MaxAssignments": "3"}, "SerializationException"),
        ({"MaxAssignments": 2**31}, "SerializationException"),
        ({"LifetimeInSeconds": 60.5}, "SerializationException"),
        ({"UniqueRequestToken": ""}, "ValidationException"),
        ({"UniqueRequestToken": "x" * 65}, "ValidationException"),
        ({"QualificationRequirements": [{"Comparator": "Exists"}]}, "ValidationException"),
        ({"Title": "\ud800"}, "SerializationException"),
        ({"Title": 5}, "SerializationException"),
        ({"QualificationRequirements": "none"}, "SerializationException"),
        ({"QualificationRequirements": ["none"]}, "SerializationException"),
        ({"QualificationRequirements": [{"RequiredToPreview": 1}]}, "ValidationException"),
        (
            {"QualificationRequirements": [{**ANYBODY, "RequiredToPreview": 1}]},
            "SerializationException",
        ),
        (
            {"QualificationRequirements": [{**ANYBODY, "Comparator": "Above"}]},
            "ValidationException",
        ),
        ({"HITReviewPolicy": {"PolicyName": "x", "More": 1}}, "SerializationException"),
    ],
)
def test_the_front_door_checks_types_and_patterns(mturk: Requester, changed: dict[str, Any], kind: str) -> None:
    refused = mturk.refused("CreateHIT", **{**HIT, **changed})
    assert (refused.status, refused.kind, refused.code) == (400, kind, None)


@pytest.mark.parametrize("moment", ["2026-01-15T09:00:00Z", True, 1e300])
def test_times_are_numbers(mturk: Requester, moment: object) -> None:
    assert mturk.refused("UpdateExpirationForHIT", HITId="3HIT", ExpireAt=moment).kind == "SerializationException"


@pytest.mark.parametrize(
    "changed",
    [
        {"Title": "x" * 128},
        {"Title": " "},
        {"Description": "x" * 2_000},
        {"Keywords": "x" * 1_000},
        {"RequesterAnnotation": "x" * 256},
        {"LifetimeInSeconds": 29},
        {"LifetimeInSeconds": 31_536_001},
        {"AssignmentDurationInSeconds": 29},
        {"AutoApprovalDelayInSeconds": 2_592_001},
        {"MaxAssignments": 0},
        {"Reward": "9" * 40},
        {"MaxAssignments": 1_000_000_001},
    ],
)
def test_mturk_itself_checks_limits(mturk: Requester, changed: dict[str, Any]) -> None:
    refused = mturk.refused("CreateHIT", **{**HIT, **changed})
    assert (refused.kind, refused.code) == ("RequestError", "AWS.MechanicalTurk.ParameterValidationError")
    assert refused.words.rstrip(")").rpartition("(")[2].isdecimal()


def test_bodies_paths_and_operations_that_are_none(mturk: Requester) -> None:
    for body in (b"", b"[]", b"{", b"[" * 100_000, b"null", b"\xff"):
        assert refusal(mturk.send("GetAccountBalance", body)).kind == "SerializationException"
    assert mturk.refused("GetNothing").kind == "UnknownOperationException"
    address, headers = mturk.request("GetAccountBalance", b"{}")
    for answer in (
        mturk.http.get(address, headers=headers),
        mturk.http.post(address + "x", content=b"{}", headers=headers),
        mturk.http.post(address + "?x=1", content=b"{}", headers=headers),
        mturk.http.post(address, content=b"{}", headers={**headers, "Content-Type": "application/json"}),
    ):
        assert answer.status_code == 404


@pytest.mark.parametrize("shape", ["ThrottlingException", "503"])
def test_too_many_requests_are_refused_in_either_shape(shape: str) -> None:
    with requester(rate_limit=2, throttled=shape) as mturk:
        for _ in range(2):
            mturk.call("GetAccountBalance")
        answer = mturk.send("CreateHIT", json.dumps(HIT).encode())
        if shape == "503":
            assert (answer.status_code, answer.text) == (503, "Service Unavailable")
        else:
            assert refusal(answer).kind == "ThrottlingException"
            assert answer.status_code == 400
        mturk.box.advance(seconds=1)
        assert mturk.call("ListHITs")["HITs"] == []  # nothing was done


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, "ValidationException", None),
        (402, "RequestError", "AWS.MechanicalTurk.InsufficientFunds"),
        (403, "AccessDeniedException", None),
        (404, "RequestError", "AWS.MechanicalTurk.HITDoesNotExist"),
        (409, "RequestError", "AWS.MechanicalTurk.InvalidHITState"),
        (429, "ThrottlingException", None),
        (500, "ServiceFault", None),
        (502, "InternalFailure", None),
        (503, "ServiceUnavailableException", None),
    ],
)
def test_faults_are_worded_as_the_service_does(mturk: Requester, status: int, kind: str, code: str | None) -> None:
    mturk.market.faults.add(Fault.status(status), operation="CreateHIT")
    refused = mturk.refused("CreateHIT", **HIT)
    assert (refused.status, refused.kind, refused.code) == (status, kind, code)
    assert mturk.publish()


def test_errors_may_carry_a_prefix() -> None:
    with requester(error_prefix="com.amazonaws.mturk#") as mturk:
        told = mturk.send("GetHIT", b'{"HITId": "3NONE"}').json()
        assert told["__type"] == "com.amazonaws.mturk#RequestError"
