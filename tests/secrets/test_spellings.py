"""A key that a marketplace repeats in another spelling is not shown either, and nothing else is taken for it."""

from __future__ import annotations

import json
import logging
import unicodedata
from base64 import b64encode, encodebytes
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdhub import Hub
from crowdhub.engine.redact import MASK, Redactor
from crowdhub.errors import CrowdhubError
from crowdhub.testing.recording import SecretInRecording
from crowdhub.testing.recording.files import Cassette, Exchange, write
from tests.hostile.conftest import Hostile, answer
from tests.secrets.spelled import around, means, packed, secrets, spelled
from tests.support.hand_clock import HandClock

KEY = "sk/live+0123=ab_cd-Z9"
IN_A_HEADER = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="\\%&"), min_size=8, max_size=30
)


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_any_key_in_any_spelling_is_taken_out_and_the_rest_stays(data: st.DataObject) -> None:
    secret = data.draw(secrets)
    before, written, after = data.draw(around()), data.draw(spelled(secret)), data.draw(around())
    said = Redactor([secret])(f"{before}{written} {after}")
    assert written not in said
    assert secret not in said
    assert secret not in means(said)
    if secret[:1] not in before and secret[:1] not in after:
        assert said.endswith(after)


@given(secrets, st.binary(max_size=20), st.binary(max_size=20), st.booleans())
@settings(max_examples=100, deadline=None)
def test_any_key_inside_of_what_is_in_base64_is_taken_out(
    secret: str, before: bytes, after: bytes, for_addresses: bool
) -> None:
    inner = len(packed(secret, b"", b"", for_addresses=for_addresses).rstrip("="))
    whole = packed(secret, before, after, for_addresses=for_addresses)
    start = len(before) * 8 // 6
    said = Redactor([secret])(f"token={whole};")
    assert whole[start : start + inner] not in said
    assert MASK in said


@pytest.mark.parametrize(
    "written",
    [
        r"sk\/live+0123=ab_cd-Z9",
        r"sk\/live\u002b0123=ab_cd-Z9",
        r"sk\\\/live\\u002B0123=ab_cd-Z9",
        "sk&#x2F;live&#43;0123&equals;ab_cd-Z9",
        "sk&amp;#47;live&amp;amp;#x2b;0123=ab_cd-Z9",
        "sk%2Flive%2b0123%3Dab_cd-Z9",
        "sk%252Flive%25252b0123%3dab_cd-Z9",
        r"sk\x2flive\x2B0123=ab_cd-Z9",
        r"sk\u0026#47;live\u002b0123\u003dab_cd-Z9",
    ],
)
def test_a_key_in_one_spelling(written: str) -> None:
    assert Redactor([KEY])(f"before {written}, after") == f"before {MASK}, after"


LETTERS = "Kq7zP2mWx9Lt4RvB8sNd"


def each(form: str, key: str = LETTERS) -> str:
    return "".join(form.format(ord(char)) for char in key)


def in_base64(text: str, times: int = 1) -> str:
    for _ in range(times):
        text = b64encode(text.encode()).decode()
    return text


WRAPPED = encodebytes(b"y" * 51 + LETTERS.encode()).decode().strip()


@pytest.mark.parametrize(
    "written",
    [
        each("\\{:03o}"),
        LETTERS.replace("z", r"\172"),
        each("\\U{:08x}"),
        "".join(f"\\N{{{unicodedata.name(char)}}}" for char in LETTERS),
        each("&#{}"),
        LETTERS.replace("z", "&#x7A"),
        each("%u{:04x}"),
        each("\\u{{{:x}}}"),
        each("\\x{{{:x}}}"),
        each("\\{:03o}", in_base64(LETTERS).rstrip("=")),
    ],
)
def test_a_key_of_letters_in_one_spelling(written: str) -> None:
    assert Redactor([LETTERS])(f"before {written}, after") == f"before {MASK}, after"


@pytest.mark.parametrize(
    "written",
    [
        in_base64(each("%{:02x}")),
        in_base64(each("&#{};")),
        in_base64(each("\\{:03o}")),
        in_base64(LETTERS, 2),
        in_base64(LETTERS, 3),
        in_base64(in_base64(LETTERS).replace("=", "%3D")),
        WRAPPED,
        WRAPPED.replace("\n", r"\n"),
        WRAPPED.replace("\n", r"\\r\\n"),
        WRAPPED.replace("\n", "%0D%0A"),
        WRAPPED.replace("\n", "\r\n\t"),
    ],
)
def test_a_key_in_base64_with_something_around_or_in_it(written: str) -> None:
    said = Redactor([LETTERS])(f"before /{written}/, after")
    assert MASK in said
    assert len(said.replace(in_base64("y" * 51), "").replace(MASK, "")) < len("before //, after") + 10  # its padding
    assert said.endswith("/, after")


@pytest.mark.parametrize(
    "text",
    [
        "nothing of it, not even sk/live",
        r"C:\new\u0041 100% &amp; &lt;b&gt; a%20b%2Fc \" \n",
        "sk%2Flive%2a0123%3Dab_cd-Z9",
        json.dumps({"text": "Простой текст \U0001f5dd", "more": ['"', "\\"]}),
        "&#99999999; &#x110000; %zz \\uD800 \\",
        r"\N{NO SUCH THING} \N{KEYCAP DIGIT ONE} \u{110000} \777 \1 &amp&lt;",
        "words of\nseveral lines\\nand c2sv in base64 aGVsbG8gd29ybGQ=",
    ],
)
def test_what_is_no_key_stays_as_it_is(text: str) -> None:
    assert Redactor([KEY])(text) == text
    assert Redactor(["ключ-ключ\\"])(text) == text


def test_a_space_is_a_plus_sign_in_forms() -> None:
    assert Redactor(["a key of words"])("x=a+key%20of+words&y") == f"x={MASK}&y"
    assert Redactor(["100+200"])("100 200") == "100 200"


def test_a_key_that_looks_like_an_escape_masks_only_itself() -> None:
    assert Redactor(["%20%20%20"])("a    b %20%20%20") == f"a    b {MASK}"
    assert Redactor(["&amp;"])("a & b &amp; c") == f"a & b {MASK} c"


@given(st.data())
@settings(max_examples=10, deadline=None)
def test_what_a_marketplace_repeats_in_another_spelling_is_in_no_error(data: st.DataObject) -> None:
    secret = data.draw(IN_A_HEADER)
    written = data.draw(spelled(secret))
    hostile = Hostile()
    body = json.dumps({"error": {"code": written, "message": f'bad key "{written}"'}}).encode()
    try:
        hostile.says(answer(body, status="400 Bad"), answer(written.encode()))
        with Hub({"rapidworkers": {"api_key": secret, "base_url": hostile.url}}, clock=HandClock()) as hub:
            for _ in range(2):
                with pytest.raises(CrowdhubError) as caught:
                    hub["rapidworkers"].balance()
                said = str(caught.value) + repr(vars(caught.value))
                assert written not in said
                assert secret not in means(said)
    finally:
        hostile.close()


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_what_a_marketplace_repeats_in_another_spelling_is_in_no_log(data: st.DataObject) -> None:
    secret = data.draw(secrets)
    written = data.draw(spelled(secret))
    redact = Redactor([secret])
    record = logging.LogRecord("httpcore.http11", logging.DEBUG, "", 1, "headers=%r", ([("X", f'"{written}"')],), None)
    for each in logging.getLogger("httpcore.http11").filters:
        assert isinstance(each, logging.Filter)
        each.filter(record)
    assert redact(record.getMessage()) == record.getMessage()
    assert written not in record.getMessage()


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_what_a_marketplace_repeats_in_another_spelling_is_in_no_recording(data: st.DataObject) -> None:
    secret = data.draw(secrets)
    text = f'"{data.draw(spelled(secret))}"'
    place = data.draw(st.sampled_from(["uri", "headers", "body", "reason", "answer_headers", "answer"]))
    parts = {
        "uri": f"https://host.example/{text}",
        "headers": {"X": text},
        "body": text.encode(),
        "reason": text,
        "answer_headers": {"X": [text]},
        "answer": text.encode(),
    }
    exchange = Exchange("GET", "https://host.example/", {}, None, 200, "OK", {}, b"{}")
    setattr(exchange, place, parts[place])
    with pytest.raises(SecretInRecording) as caught:
        write(Path("nowhere") / "x.yaml", Cassette(exchanges=[exchange]), [secret])
    assert text not in str(caught.value)


def test_only_so_many_fetched_tokens_are_known_at_a_time() -> None:
    redact = Redactor(["the key itself"])
    for number in range(2000):
        redact.renew(f"{number}-of-many-tokens")
    said = redact("the key itself, 1999-of-many-tokens, 1990-of-many-tokens, 1-of-many-tokens")
    assert said == f"{MASK}, {MASK}, {MASK}, 1-of-many-tokens"


@pytest.mark.parametrize("shorter_first", [True, False])
def test_a_key_that_holds_the_key_of_another_account_is_not_logged_in_pieces(
    caplog: pytest.LogCaptureFixture, shorter_first: bool
) -> None:
    keys = ["live+0123", KEY] if shorter_first else [KEY, "live+0123"]
    accounts = [Redactor([key]) for key in keys]
    for name in ("httpx", "httpcore.http11", "crowdhub"):
        caplog.set_level(logging.DEBUG, name)
        logging.getLogger(name).debug("echoed %s and %s.", KEY, "sk%2Flive%2B0123%3Dab_cd-Z9")
    assert [record.getMessage() for record in caplog.records] == [f"echoed {MASK} and {MASK}."] * 3
    assert len(accounts) == 2  # alive until here


def test_what_was_learned_later_is_not_logged_either(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "httpx")
    account = Redactor()
    for key in ("first-key-1", "second-key-2"):
        account.add(key)
        logging.getLogger("httpx").debug(key)
    account.renew("token-of-today")
    logging.getLogger("httpx").debug("token-of-today")
    assert [record.getMessage() for record in caplog.records] == [MASK] * 3
