"""The signature, held against botocore's own signer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from unittest.mock import patch

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from crowdhub.protocol import PreparedRequest
from crowdhub_mturk.signing import Keys, seal_of

WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)
MOMENTS = st.datetimes(datetime(2017, 1, 17), datetime(2100, 1, 1))  # noqa: DTZ001 - hypothesis adds the zone itself
ADDRESSES = st.sampled_from(
    ["https://mturk-requester.us-east-1.amazonaws.com/", "http://127.0.0.1:4711/", "https://mturk.example:8443/a/b~c/"]
)


def theirs(request: PreparedRequest, keys: Keys, region: str, moment: datetime) -> dict[str, str]:
    headers = {name: value for name, value in request.headers.items() if name != "host"}
    made = AWSRequest(request.method, request.url, headers=headers, data=request.body)
    given = Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token)
    with patch("botocore.auth.get_current_datetime", return_value=moment.astimezone(UTC).replace(tzinfo=None)):
        SigV4Auth(given, "mturk-requester", region).add_auth(made)
    names = ("X-Amz-Date", "X-Amz-Security-Token", "Authorization")
    return {name: str(made.headers[name]) for name in names if name in made.headers}


def prepared(url: str, target: str, body: bytes, kind: str = "application/x-amz-json-1.1") -> PreparedRequest:
    host = url.split("/")[2]
    sent = {"host": host, "content-type": kind, "x-amz-target": target}
    return PreparedRequest("POST", url, sent, body)


@given(
    url=ADDRESSES,
    target=WORDS,
    body=st.binary(max_size=300),
    key=WORDS,
    secret=WORDS,
    session=st.none() | WORDS,
    region=st.sampled_from(["us-east-1", "eu-central-1"]),
    moment=MOMENTS,
    hours=st.integers(-12, 14),
)
def test_it_is_the_one_that_botocore_makes(
    url: str,
    target: str,
    body: bytes,
    key: str,
    secret: str,
    session: str | None,
    region: str,
    moment: datetime,
    hours: int,
) -> None:
    keys = Keys(key, secret, session)
    at = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    request = prepared(url, target, body)
    assert seal_of(request, keys, region, at) == theirs(request, keys, region, at)


def test_headers_with_several_spaces_are_signed_as_botocore_does() -> None:
    request = prepared("http://127.0.0.1:1/", "  A   b  ", b"{}")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    keys = Keys("AKIDEXAMPLE", "secret")
    assert seal_of(request, keys, "us-east-1", at) == theirs(request, keys, "us-east-1", at)


def test_the_keys_are_not_shown() -> None:
    assert "AKID" not in repr(Keys("AKID", "secret", "token"))
    assert "secret" not in repr(Keys("AKID", "secret", "token"))


def test_other_headers_are_left_unsigned() -> None:
    """A proxy may change them on the way."""
    request = prepared("http://127.0.0.1:1/", "T", b"{}")
    more = PreparedRequest(request.method, request.url, {**request.headers, "user-agent": "x", "accept": "*"}, b"{}")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert seal_of(more, Keys("A", "s"), "us-east-1", at) == seal_of(request, Keys("A", "s"), "us-east-1", at)
