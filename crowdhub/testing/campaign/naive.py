"""The same marketplaces in the same weather, with what most programs have: an HTTP client and a retry decorator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenacity import RetryError, Retrying, retry_if_exception_type, retry_if_result, stop_after_attempt

from crowdhub import registry
from crowdhub.engine import http
from crowdhub.operations.publishing import with_reference
from crowdhub.protocol import Call, Flow, FlowRun, Provider, Token
from crowdhub.sandbox import Sandbox
from crowdhub.testing.campaign.chapter import TIMEOUT
from crowdhub.testing.campaign.result import Naive
from crowdhub.testing.campaign.stages import Stage
from crowdhub.testing.campaign.storm import Storm
from crowdhub.testing.campaign.truth import Truth

ATTEMPTS = 4


class NaiveClient:
    """Sends a provider's own requests, each again as long as it fails: no ledger, no key, no look at what was done."""

    def __init__(self, provider: Provider[Any], bases: dict[str, str]) -> None:
        self._provider = provider
        self._bases = bases
        self._http = http.Client(timeout=TIMEOUT)
        self._token: Token | None = None
        self._again = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            retry=retry_if_exception_type(http.HTTPError) | retry_if_result(_failed),
        )

    def publish(self, flow: Flow[Any]) -> bool:
        """Whether it was told that the task was published."""
        try:
            if self._provider.has_tokens() and self._token is None:
                self._token = self._run(self._provider.authenticate())
            with FlowRun(flow) as run:
                call = run.start()
                assert call is not None
                return self._send(_published_at_once(call)).is_success
        except RetryError:
            return False

    def _run(self, flow: Flow[Any]) -> Any:
        with FlowRun(flow) as run:
            call = run.start()
            while call is not None:
                call = run.send(self._send(call))
            return run.result

    def _send(self, call: Call) -> http.Response:
        base = self._bases[call.base]
        address = base.rstrip("/") + call.path if call.path.startswith("/") else base + call.path
        signed = self._provider.sign(call, self._token if call.authenticated else None)

        def once() -> http.Response:
            answer = self._http.send(http.build_request(signed, http.URL(address), "naive/1.0"))
            _ = answer.json()
            return answer

        def tolerant() -> http.Response:
            try:
                return once()
            except ValueError as unreadable:  # HTML, or half of an answer
                raise http.DecodingError(str(unreadable)) from unreadable

        found: http.Response = self._again(tolerant)
        if found.status_code == 401:
            self._token = None
        return found

    def close(self) -> None:
        self._http.close()


def _failed(answer: http.Response) -> bool:
    return answer.status_code >= 500 or answer.status_code == 429


def _published_at_once(call: Call) -> Call:
    """Where our own flow makes a draft first, an ordinary program publishes in one go."""
    if call.form is None or isinstance(call.form, Mapping):
        return call
    return replace(call, form=[(name, "1" if name == "public" else value) for name, value in call.form])


def naive(stage: Stage, seed: int, operations: int, rate: float) -> Naive:
    """Publish so many tasks."""
    found = Naive(extra="each request up to 4 times (tenacity around httpx); no ledger, no look")
    options = {**stage.options}
    if stage.name == "rapidworkers":
        options["rate_limit"] = None
    with Sandbox(stage.name, seed=seed, options={stage.name: options}) as box:
        truth = Truth(box[stage.name])
        storm = Storm(seed, rate, spends=stage.spends, note=truth.now)
        box[stage.name].faults = storm
        kind = registry.load(stage.name)
        account = box.accounts[stage.name]
        provider = kind(kind.settings_type.model_validate(account), account=stage.name)
        provider.now = box.clock.now
        client = NaiveClient(provider, {name: url for name, url in account.items() if name.endswith("_url")})
        told: dict[str, bool] = {}
        try:
            for number in range(operations):
                key = f"naive-{number}"
                storm.begin(key, number)
                draft = with_reference(provider, stage.draft(number), key)
                told[key] = client.publish(provider.publish(draft))
                _ = truth.now(key)
                storm.moved(60)
        finally:
            client.close()
            storm.calm()
        found.operations = operations
        for key, well in told.items():
            bought = len(truth.bought(key))
            found.published += well
            found.duplicates += max(0, bought - 1)
            found.lost += bool(bought) and not well
    return found
