"""Words that only look like a known refusal are none of it; the documented ones still are."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from crowdhub.errors import (
    AuthenticationFailed,
    Conflict,
    CrowdhubError,
    InsufficientFunds,
    InvalidRequest,
    ProviderError,
)
from crowdhub.protocol import AnyProvider, Call, Effect, Response
from crowdhub_crowdsdom import CrowdSDOM, CrowdSDOMSettings
from crowdhub_etxt import Etxt, EtxtSettings
from crowdhub_rapidworkers import RapidWorkers, RapidWorkersSettings

OTHERS = [
    *("The author was not found", "The order is assigned", "Design is required", "An authentic photo is needed"),
    *("Refunded already", "Unbalanced brackets", "Your text is fundamental", "Not enough letters in the title"),
    *("author_not_found", "is_assigned", "no_design", "refunded", "unbalanced", "Insufficient permissions"),
    *("A job of this title already exists", "The image could not be processed", "Неподписанный текст"),
]
KNOWN: list[tuple[str, str, type[CrowdhubError]]] = [
    *(
        ("etxt", words, AuthenticationFailed)
        for words in (
            *("bad_sign", "sign", "wrong_token", "token_not_found", "auth_failed", "no_auth", "api_key", "bad_apikey"),
            *("wrong_api_pass", "Wrong signature", "The token is not valid", "Not authorized", "unauthorized"),
            *(
                "Invalid API key",
                "Подпись неверна",
                "Неверный токен",
                "Настройки пользователя для работы с API не верны",
            ),
        )
    ),
    *(
        ("etxt", words, InsufficientFunds)
        for words in (
            *("no_money", "not_enough_balance", "no_funds", "Not enough money", "The balance is too low"),
            *("Недостаточно средств", "Insufficient funds."),
        )
    ),
    ("rapidworkers", "Insufficient balance. Required: 3.30", InsufficientFunds),
    ("rapidworkers", "Insufficient funds", InsufficientFunds),
    ("rapidworkers", "Submission already processed", Conflict),
    ("rapidworkers", "Worker is already blocked", Conflict),
    ("rapidworkers", "worker already blocked", Conflict),
    ("rapidworkers", "Worker is not blocked", Conflict),
    ("crowdsdom", "Insufficient balance, please recharge", InsufficientFunds),
    ("crowdsdom", "Not enough money", InsufficientFunds),
    ("crowdsdom", "余额不足", InsufficientFunds),
]
KEY = SecretStr("k")
PROVIDERS: dict[str, AnyProvider] = {
    "etxt": Etxt(EtxtSettings(token=KEY, api_pass=KEY)),
    "rapidworkers": RapidWorkers(RapidWorkersSettings(api_key=KEY)),
    "crowdsdom": CrowdSDOM(CrowdSDOMSettings(access_token=KEY)),
}


def refusal(name: str, words: str) -> CrowdhubError:
    error = PROVIDERS[name].error(
        Call.post("/x", effect=Effect.SPEND, query=[("method", "any")]),
        Response(200 if name == "etxt" else 400, json={"error": words}),
    )
    assert error is not None
    return error


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("words", OTHERS)
def test_what_only_looks_like_it(name: str, words: str) -> None:
    error = refusal(name, words)
    assert type(error) in (ProviderError, InvalidRequest)
    assert words in str(error)


@pytest.mark.parametrize(("name", "words", "kind"), KNOWN)
def test_what_is_known(name: str, words: str, kind: type[CrowdhubError]) -> None:
    assert type(refusal(name, words)) is kind
