"""The bodies of errors, in the two families."""

from collections.abc import Mapping

from crowdhub.sandbox.values import JsonObject
from crowdhub_mturk.sandbox.refusal import FAMILY

FRONT_DOOR: Mapping[int, str] = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    429: "ThrottlingException",
    503: "ServiceUnavailableException",
}
OWN: Mapping[int, str] = {402: "InsufficientFunds", 404: "HITDoesNotExist", 409: "InvalidHITState"}


def own_error(words: str, code: str | None, prefix: str, kind: str = "RequestError") -> JsonObject:
    """MTurk's own."""
    told: JsonObject = {"__type": prefix + kind, "Message": words}
    return told if code is None else {**told, "TurkErrorCode": code}


def front_door_error(kind: str, words: str) -> JsonObject:
    """What all of AWS's JSON services share."""
    return {"__type": f"com.amazon.coral.service#{kind}", "message": words}


def error_of_status(status: int, words: str, prefix: str) -> JsonObject:
    """What such a status could mean; the service itself knows hardly more than 400 and 500."""
    if status in OWN:
        return own_error(words, FAMILY + OWN[status], prefix)
    if status == 500:
        return own_error(words, None, prefix, "ServiceFault")
    return front_door_error(FRONT_DOOR.get(status, "InternalFailure"), words)
