"""Both families of errors, by their codes; and what says that it was done before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crowdhub.errors import (
    AuthenticationFailed,
    Conflict,
    CrowdhubError,
    InsufficientFunds,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnreadableResponse,
)
from crowdhub.protocol import Call, Effect, Response
from tests.mturk.conftest import mturk, request_error

PROVIDER = mturk()
TOKEN = "ch-aaaaaaaaaaaaaaaa"


def call(token: str | None = None) -> Call:
    return PROVIDER._build(
        "SendBonus", {"UniqueRequestToken": token}, Effect.SPEND, costs=None, idempotent_for=timedelta(hours=23)
    )


def error(status: int, body: object, token: str | None = None) -> CrowdhubError:
    found = PROVIDER.error(call(token), Response(status, json=body))
    assert found is not None
    return found


MTURKS: dict[str, type[CrowdhubError]] = {
    "HITDoesNotExist": NotFound,
    "AssignmentDoesNotExist": NotFound,
    "WorkerDoesNotExist": NotFound,
    "QualificationTypeDoesNotExist": NotFound,
    "HITTypeDoesNotExist": NotFound,
    "InsufficientFunds": InsufficientFunds,
    "InvalidAssignmentState": Conflict,
    "InvalidHITState": Conflict,
    "InvalidQualificationState": Conflict,
    "HitAlreadyExists": Conflict,
    "HITAlreadyExists": Conflict,
    "QualificationAlreadyExists": Conflict,
    "ParameterValidationError": InvalidRequest,
    "InvalidParameterValue": InvalidRequest,
    "XMLParseError": InvalidRequest,
    "XHTMLParseError": InvalidRequest,
    "InvalidMaximumAssignmentsIncrease": InvalidRequest,
    "HITTooOldForExtension": InvalidRequest,
    "PermissionDeniedException": PermissionDenied,
}
DOOR: dict[str, type[CrowdhubError]] = {
    "InvalidSignatureException": AuthenticationFailed,
    "UnrecognizedClientException": AuthenticationFailed,
    "IncompleteSignatureException": AuthenticationFailed,
    "MissingAuthenticationTokenException": AuthenticationFailed,
    "ExpiredTokenException": AuthenticationFailed,
    "InvalidClientTokenId": AuthenticationFailed,
    "AccessDeniedException": PermissionDenied,
    "ThrottlingException": RateLimited,
    "ValidationException": InvalidRequest,
    "SerializationException": InvalidRequest,
}


@pytest.mark.parametrize("code", MTURKS)
def test_mturks_own(code: str) -> None:
    found = error(*request_error(code, "These are the words."))
    assert type(found) is MTURKS[code]
    assert found.provider_code == f"AWS.MechanicalTurk.{code}"
    assert found.provider_message == "These are the words. (1769000000000)"
    assert not found.was_done


@pytest.mark.parametrize("prefix", ["", "com.amazon.coral.service#", "com.amazonaws.mturk#"])
@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize("code", DOOR)
def test_the_door_of_all_services(code: str, status: int, prefix: str) -> None:
    found = error(status, {"__type": f"{prefix}{code}", "message": "The words."})
    assert type(found) is DOOR[code]
    assert (found.provider_code, found.provider_message) == (code, "The words.")


def test_a_fault_of_the_service() -> None:
    found = error(500, {"__type": "ServiceFault", "Message": "Oh.", "TurkErrorCode": "AWS.ServiceUnavailable"})
    assert type(found) is ProviderUnavailable
    assert type(error(500, {"__type": "ServiceFault", "Message": "Oh."})) is ProviderUnavailable


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"__type": "RequestError", "Message": "No."}, InvalidRequest),
        ({"__type": "RequestError", "Message": "No.", "TurkErrorCode": "AWS.MechanicalTurk.New"}, ProviderError),
        ({"__type": "NewException", "message": "No."}, ProviderError),
        ({"Message": "No."}, InvalidRequest),
        ({"message": "This account does not have sufficient funds."}, InsufficientFunds),
        ({}, InvalidRequest),
        ([], InvalidRequest),
        ({"__type": 7, "Message": [], "TurkErrorCode": {}}, ProviderError),
        ({"__type": [], "Message": {}}, InvalidRequest),
    ],
)
def test_what_has_no_code_or_a_new_one(body: Any, kind: type[CrowdhubError]) -> None:
    found = error(400, body)
    assert type(found) is kind
    assert not found.was_done
    if "New" in str(body):
        assert "New" in str(found)


@pytest.mark.parametrize("body", [b"<html>Bad Gateway</html>", b"", b"{", b'"text"', b"[" * 100_000])
def test_what_is_not_of_the_marketplace(body: bytes) -> None:
    found = PROVIDER.error(call(), Response(502, content=body))
    assert isinstance(found, ProviderUnavailable)


def test_good_answers() -> None:
    assert PROVIDER.error(call(), Response(200, json={})) is None
    assert PROVIDER.error(call(), Response(200, content=b"")) is None
    assert isinstance(PROVIDER.error(call(), Response(200, content=b"<html>")), UnreadableResponse)


DONE = {
    "a HIT": request_error("HitAlreadyExists", "The HIT 3HITHITHITHITHITHITHITHITHIT01 exists"),
    "as older texts have it": request_error("HITAlreadyExists", "It exists"),
    "words": request_error(None, f'The idempotency token "{TOKEN}" has already been processed.'),
    "as documented": request_error(None, "It was processed before; the request ID is 3DPWVNJ58PRZW72C0K6X1TWT3CFPP5."),
    "other words": request_error(None, f"There was a request {TOKEN} before."),
    "words with a code": request_error("New", f"There was a request {TOKEN} before."),
}


@pytest.mark.parametrize("how", DONE)
def test_a_request_with_the_same_token_was_done_before(how: str) -> None:
    found = error(*DONE[how], token=TOKEN)
    assert isinstance(found, Conflict)
    assert found.was_done


@pytest.mark.parametrize("how", ["a HIT", "as older texts have it", "words"])
def test_without_a_token_it_is_a_conflict_with_something_else(how: str) -> None:
    found = error(*DONE[how])
    assert isinstance(found, Conflict)
    assert not found.was_done
