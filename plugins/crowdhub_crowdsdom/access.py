"""The access token: how it is asked for, how it is read, when it ends, and how it travels."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from pydantic import SecretStr

from crowdhub.protocol import Call, CredentialPlaces, Effect, LenientInt, Response, Token, WireModel, unreadable
from crowdhub_crowdsdom.options import CrowdSDOMSettings
from crowdhub_crowdsdom.wire import moment

PLACES = CredentialPlaces(
    headers=("Authorization",), json=("client_id", "client_secret"), answers=("access_token.id", "clientId")
)
ASK = Call.post(
    "/oauth/token",
    effect=Effect.READ,
    base="account_url",
    authenticated=False,
    json={"grant_type": "client_credentials"},
)


UNTOLD = timedelta(minutes=30)
"""How long a token is used whose lifetime is not told: the shortest that the guide shows."""


class AccessToken(WireModel):
    """The token within the answer of ``POST /oauth/token``."""

    id: str
    ttl: LenientInt = None

    @property
    def created(self) -> datetime | None:
        return moment(self.raw.get("created"))


class TokenAnswer(WireModel):
    """``POST /oauth/token``."""

    access_token: AccessToken


def signed(call: Call, settings: CrowdSDOMSettings, token: Token | None) -> Call:
    """The call with the token, or with the key where it asks for one."""
    if token is not None:
        return call.with_headers(Authorization=token.value.get_secret_value())  # no "Bearer" before it
    key, secret = settings.api_key, settings.api_secret
    if call.authenticated or key is None or secret is None:
        return call
    # The guide has HTTP Basic, the SDK the body: both are sent.
    plain = (key.get_secret_value(), secret.get_secret_value())
    basic = b64encode(":".join(plain).encode()).decode()
    return call.with_headers(Authorization=f"Basic {basic}").with_json(client_id=plain[0], client_secret=plain[1])


def token_of(reply: Response, now: datetime) -> Token:
    """The token in an answer. Raises `UnreadableResponse`."""
    token = TokenAnswer.read(reply).access_token
    if not token.id:
        raise unreadable("its access token is empty", "", reply)
    return Token(SecretStr(token.id), _end_of(token, reply, now))


def _end_of(token: AccessToken, reply: Response, now: datetime) -> datetime | None:
    """When the token ends. Its age is reckoned by the marketplace's own clock (the ``Date`` header), so that a
    wrong clock on either side makes no difference. No lifetime, or one of 0 or less, tells nothing (LoopBack says -1
    for one that does not end): it is used until it is refused, at most for ``UNTOLD``."""
    if token.ttl is None or token.ttl <= 0:
        return now + UNTOLD
    try:
        lifetime = timedelta(seconds=token.ttl)
        return now + lifetime - _age_of(token, reply, lifetime)
    except OverflowError:  # longer than the calendar
        return None


def _age_of(token: AccessToken, reply: Response, lifetime: timedelta) -> timedelta:
    try:
        sent = parsedate_to_datetime(reply.headers["date"])
    except (KeyError, ValueError):
        return timedelta()
    if token.created is None or sent.tzinfo is None:
        return timedelta()
    age = sent - token.created
    return age if timedelta() <= age <= lifetime else timedelta()
