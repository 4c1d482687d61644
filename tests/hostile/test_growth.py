"""Four times the text takes about four times the time, not sixteen: for everything that reads a stranger's text."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from crowdhub.engine.classify import one_line, retry_after
from crowdhub.engine.download import harmless
from crowdhub.engine.redact import Redactor, shown
from crowdhub.errors import CrowdhubError
from crowdhub.model import Money
from crowdhub.model.base import country_code
from crowdhub.protocol import Response
from crowdhub.protocol.reading import decimal_or_none, int_or_none, load_json, time_or_none, why_no_amount, words_of
from crowdhub.protocol.reference import carries, is_marked, plain_text, unmark
from crowdhub.protocol.refusals import error_of_no_json, error_of_status, error_words
from crowdhub_crowdsdom import forms, spelling
from crowdhub_crowdsdom.wire import keywords_of, moment, price
from crowdhub_etxt import decoding, reading, refusals, sentences
from crowdhub_etxt.texts import read_text
from tests.hostile.growth import growth

RUNS = [
    *(
        "<",
        "<a ",
        "<!",
        "<!--",
        "<script>",
        "</style><style>",
        "(",
        " ",
        "\t\n",
        "1",
        "1,",
        "1 ",
        "&",
        "&#",
        "&#1",
        "&amp;",
        "&amp;amp;",
        "%",
        "%25",
    ),
    *(
        "\\",
        "\\u00",
        "\\\\u",
        '"',
        "'",
        "[ref ",
        "  [ref a",
        "[",
        "{",
        '{"a":',
        "ch-",
        "a",
        "A.",
        "/",
        "?&",
        "=",
        ".",
        "元",
        "\\172",
        "\\N{A",
        "\\u{0",
        "&#75",
        "%u",
        "QUJDREVG\n",
        "QUJDREVG\\r\\n",
        "QUJDREVG\n \t",
        "WVhCcExXdGxl ",
    ),
]
REDACT = Redactor(["a-key/of+some=length", "ключ \\ too"], ["Authorization", "sign", "api_key"])


def of_content(read: Callable[[Response], object], status: int = 200) -> Callable[[str], object]:
    return lambda text: read(Response(status, content=text.encode(), headers={"content-type": "application/json"}))


PARSERS: dict[str, Callable[[str], object]] = {
    "unmark": unmark,
    "carries": lambda text: carries([text], "ch-aaaaaaaaaaaaaaaa"),
    "plain_text": plain_text,
    "is_marked": is_marked,
    "decimal": decimal_or_none,
    "no amount": why_no_amount,
    "int": int_or_none,
    "time": time_or_none,
    "words": words_of,
    "country": country_code,
    "money": lambda text: Money.model_validate(f"1 {text}"),
    "redact": REDACT,
    "redact a name": lambda text: REDACT(f"sign{text}"),
    "shown": shown,
    "a page": lambda text: one_line(f"<p>{text}"),
    "file name": harmless,
    "retry-after": lambda text: retry_after(Response(429, headers={"retry-after": text}), datetime.now(UTC)),
    "JSON": of_content(load_json),
    "no JSON": of_content(error_of_no_json),
    "a refusal": of_content(error_of_status, 400),
    "a refusal's words": of_content(error_words),
    "eTXT's mark": reading.unmarked,
    "eTXT's refusal": of_content(lambda answer: refusals.refusal_of("x", answer), 400),
    "eTXT's sentence": sentences.folded,
    "eTXT's names": decoding.names,
    "CrowdSDOM's time": moment,
    "CrowdSDOM's price": lambda text: price({"text": text}),
    "CrowdSDOM's keywords": lambda text: keywords_of({"keywords": text}),
    "CrowdSDOM's refusal": of_content(lambda answer: spelling.told(error_of_status(answer), answer), 404),
    "CrowdSDOM's form": lambda text: forms.form_reference({"questionsType": "html", "html": {"content": text}}),
}


@pytest.mark.parametrize("parser", PARSERS)
def test_four_times_the_text(parser: str) -> None:
    read = PARSERS[parser]

    def seconds(text: str) -> float:
        begun = time.thread_time()
        with suppress(CrowdhubError, ValueError):
            read(text)
        return time.thread_time() - begun

    slow = {run: grown for run in RUNS if (grown := growth(seconds, run)) is not None}
    assert slow == {}


def test_a_huge_number_of_a_character_stops_no_reading() -> None:
    """Python reads no number of more than 4,300 digits."""
    assert carries([f"&#{'1' * 5000}; &lt;b&gt;ch-aaaa</b>aaaaaaaaaaaa"], "ch-aaaaaaaaaaaaaaaa")
    assert read_text(f"&#{'1' * 5000}; &lt;".encode()).endswith(" <")
