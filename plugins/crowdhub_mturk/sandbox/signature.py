"""Signature Version 4, as the service checks it."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crowdhub_mturk.sandbox.refusal import FrontDoorRefusal

ALGORITHM = "AWS4-HMAC-SHA256"
REGION, SERVICE, END = "us-east-1", "mturk-requester", "aws4_request"
TOLERANCE = timedelta(minutes=5)
STAMP = "%Y%m%dT%H%M%SZ"
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Keys:
    """A requester's keys; temporary ones come with a token and end."""

    id: str
    secret: str
    session_token: str | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request for the one path, as it arrived."""

    headers: Sequence[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header, as it is signed; several of one name are one."""
        values = [_SPACES.sub(" ", value.strip()) for each, value in self.headers if each.lower() == name]
        return ",".join(values) if values else None


@dataclass(frozen=True, slots=True)
class Claim:
    """What the ``Authorization`` header says."""

    key_id: str
    scope: tuple[str, str, str, str]
    signed: tuple[str, ...]
    signature: str


class Guard:
    """Lets through what is signed with these keys, now."""

    def __init__(self, keys: Keys, status: int) -> None:
        self.keys = keys
        self._status = status

    def check(self, request: Arrived, now: datetime) -> None:
        """Raises `FrontDoorRefusal`."""
        claim = self._claim(request.header("authorization"))
        if claim.key_id != self.keys.id:
            raise self._no("UnrecognizedClientException", "The security token included in the request is invalid.")
        self._check_session(request, now)
        stamp = self._check_time(request, claim, now)
        self._check_signed(request, claim)
        if not hmac.compare_digest(self._signature(request, claim, stamp), claim.signature):
            raise self._no(
                "InvalidSignatureException",
                "The request signature we calculated does not match the signature you provided. "
                "Check your secret access key and how you sign.",
            )

    def _claim(self, header: str | None) -> Claim:
        if header is None:
            raise self._no("MissingAuthenticationTokenException", "Missing Authentication Token")
        algorithm, _, rest = header.partition(" ")
        if algorithm != ALGORITHM:
            raise self._no("IncompleteSignatureException", f"The algorithm is not {ALGORITHM}.")
        parts: dict[str, str] = {}
        for part in rest.split(","):
            name, _, value = part.strip().partition("=")
            parts[name] = value
        lacking = {"Credential", "SignedHeaders", "Signature"} - {name for name, value in parts.items() if value}
        if lacking:
            words = f"Authorization header requires {', '.join(sorted(lacking))}."
            raise self._no("IncompleteSignatureException", words)
        match parts["Credential"].split("/"):
            case [key_id, day, region, service, end]:
                signed = tuple(parts["SignedHeaders"].split(";"))
                return Claim(key_id, (day, region, service, end), signed, parts["Signature"])
            case _:
                words = "Credential must have five parts: key id, day, region, service, aws4_request."
                raise self._no("IncompleteSignatureException", words)

    def _check_session(self, request: Arrived, now: datetime) -> None:
        if request.header("x-amz-security-token") != self.keys.session_token:
            raise self._no("UnrecognizedClientException", "The security token included in the request is invalid.")
        if self.keys.end is not None and now >= self.keys.end:
            raise self._no("ExpiredTokenException", "The security token included in the request is expired.")

    def _check_time(self, request: Arrived, claim: Claim, now: datetime) -> str:
        stamp = request.header("x-amz-date") or ""
        try:
            signed_at = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
        except ValueError:
            words = "Authorization header requires an X-Amz-Date of the form YYYYMMDDTHHMMSSZ."
            raise self._no("IncompleteSignatureException", words) from None
        if claim.scope != (f"{signed_at:%Y%m%d}", REGION, SERVICE, END):
            words = f"Credential should be scoped to the day of X-Amz-Date, {REGION}, {SERVICE} and {END}."
            raise self._no("InvalidSignatureException", words)
        if signed_at < now - TOLERANCE:
            words = f"Signature expired: {stamp} is now earlier than {now - TOLERANCE:{STAMP}}"
            raise self._no("InvalidSignatureException", f"{words} ({now:{STAMP}} - 5 min.)")
        if signed_at > now + TOLERANCE:
            words = f"Signature not yet current: {stamp} is still later than {now + TOLERANCE:{STAMP}}"
            raise self._no("InvalidSignatureException", f"{words} ({now:{STAMP}} + 5 min.)")
        return stamp

    def _check_signed(self, request: Arrived, claim: Claim) -> None:
        there = {name.lower() for name, _ in request.headers}
        must = {name for name in there if name.startswith("x-amz-")} | {"host"}
        unsigned = must - set(claim.signed)
        if unsigned or not there.issuperset(claim.signed):
            words = "'Host' and every 'X-Amz-' header must be a 'SignedHeader', and each of those must be sent."
            raise self._no("InvalidSignatureException", words)

    def _signature(self, request: Arrived, claim: Claim, stamp: str) -> str:
        headers = "".join(f"{name}:{request.header(name)}\n" for name in claim.signed)
        body = hashlib.sha256(request.body).hexdigest()
        canonical = "\n".join(("POST", "/", "", headers, ";".join(claim.signed), body))
        hashed = hashlib.sha256(canonical.encode("latin-1")).hexdigest()
        text = "\n".join((ALGORITHM, stamp, "/".join(claim.scope), hashed))
        key = b"AWS4" + self.keys.secret.encode()
        for part in claim.scope:
            key = _hmac(key, part)
        return _hmac(key, text).hex()

    def _no(self, kind: str, words: str) -> FrontDoorRefusal:
        return FrontDoorRefusal(kind, words, self._status)


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
