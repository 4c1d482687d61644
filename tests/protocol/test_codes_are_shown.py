"""Every error shows the marketplace's own code and words in its text: for every documented code of each of them."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from crowdhub.protocol import AnyProvider, Call, Effect, Response
from crowdhub_capsolver import CapSolver, CapSolverSettings
from crowdhub_capsolver.wire import ERRORS
from crowdhub_crowdsdom import CrowdSDOM, CrowdSDOMSettings
from crowdhub_etxt import Etxt, EtxtSettings
from crowdhub_etxt.refusals import COMMON, OWN, SENTENCES
from crowdhub_rapidworkers import RapidWorkers, RapidWorkersSettings

ETXT = sorted({("any", code) for code in COMMON} | {(method, code) for method, codes in OWN.items() for code in codes})
STATUSES = (400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504)
WORDS = "Not today, says the clerk"


def text_of(provider: AnyProvider, response: Response, method: str = "any") -> str:
    call = Call.post("/x", effect=Effect.SPEND, query=[("method", method)])
    error = provider.error(call, response)
    assert error is not None
    return str(error)


@pytest.fixture
def etxt() -> Etxt:
    return Etxt(EtxtSettings(token=SecretStr("t"), api_pass=SecretStr("p")))


@pytest.mark.parametrize(("method", "code"), ETXT)
@pytest.mark.parametrize("status", [200, 400])
def test_etxt_codes(etxt: Etxt, method: str, code: str, status: int) -> None:
    assert f"[HTTP {status}, {code}]" in text_of(etxt, Response(status, json={"error": code}), method)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_etxt_sentences(etxt: Etxt, sentence: str) -> None:
    assert sentence in text_of(etxt, Response(200, text=sentence))


@pytest.mark.parametrize("code", ERRORS)
@pytest.mark.parametrize("status", [200, 400, 401, 503])
def test_capsolver_codes(code: str, status: int) -> None:
    provider = CapSolver(CapSolverSettings(client_key=SecretStr("k")))
    body = {"errorId": 1, "errorCode": code, "errorDescription": WORDS}
    text = text_of(provider, Response(status, json=body))
    assert code in text
    assert WORDS in text


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(
    "body",
    [
        {"message": WORDS, "code": "E_CLERK"},
        {"error": {"status": 422, "code": "E_CLERK", "message": WORDS}},
        {"error": "E_CLERK", "message": WORDS},
    ],
    ids=["flat", "nested", "beside"],
)
def test_statuses_with_a_code(status: int, body: object) -> None:
    """RapidWorkers and CrowdSDOM document statuses, and no codes; where there is one it is shown."""
    providers: tuple[AnyProvider, ...] = (
        RapidWorkers(RapidWorkersSettings(api_key=SecretStr("k"))),
        CrowdSDOM(CrowdSDOMSettings(api_key=SecretStr("k"), api_secret=SecretStr("s"))),
    )
    for provider in providers:
        text = text_of(provider, Response(status, json=body))
        assert f"[HTTP {status}, E_CLERK]" in text
        assert WORDS in text
