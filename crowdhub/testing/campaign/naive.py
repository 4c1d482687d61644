"""The same marketplaces and the same faults, with what most programs have: an HTTP client and a retry decorator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from tenacity import RetryError, Retrying, retry_if_exception_type, retry_if_result, stop_after_attempt

from crowdhub.engine import http
from crowdhub.errors import CrowdhubError
from crowdhub.hub import config
from crowdhub.operations.spending import with_reference
from crowdhub.protocol import AnyProvider, Call, Flow, Operation, OperationRun, Response, Token
from crowdhub.sandbox import Sandbox
from crowdhub.testing.campaign.charges import ChargeLog
from crowdhub.testing.campaign.drawn import DrawnFaults
from crowdhub.testing.campaign.experiment import TIMEOUT
from crowdhub.testing.campaign.profile import MarketProfile
from crowdhub.testing.campaign.requests import costly_requests
from crowdhub.testing.campaign.result import NaiveFindings

T = TypeVar("T")

ATTEMPTS = 4


class NaiveClient:
    """Sends a provider's own requests, each again as long as it fails: no ledger, no key, no look at what was done."""

    def __init__(self, provider: AnyProvider, bases: Mapping[str, str]) -> None:
        self._provider = provider
        self._bases = bases
        self._http = http.Client(timeout=TIMEOUT)
        self._token: Token | None = None
        self._again = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            retry=retry_if_exception_type(http.HTTPError) | retry_if_result(_failed),
        )

    def publish(self, operation: Operation[object] | Flow[object]) -> bool:
        """Whether it was told that the task was published."""
        try:
            if self._provider.has_tokens() and self._token is None:
                self._token = self._run(self._provider.authenticate())
            _ = self._run(operation)
        except (RetryError, CrowdhubError):  # it gave up, or cannot read what it was told
            return False
        return True

    def _run(self, operation: Operation[T] | Flow[T]) -> T:
        with OperationRun(operation) as run:
            call = run.start()
            while call is not None:
                answer = self._send(call)
                if not answer.is_success:
                    raise CrowdhubError(f"The marketplace answered {answer.status_code}.")
                headers = list(answer.headers.multi_items())
                call = run.send(Response(answer.status_code, headers=headers, content=answer.content))
            return run.result

    def _send(self, call: Call) -> http.Response:
        base = self._bases[call.base]
        address = base.rstrip("/") + call.path if call.path.startswith("/") else base + call.path
        token = self._token if call.authenticated else None
        signed = self._provider.sign(call, token)

        def once() -> http.Response:
            request = http.build_request(signed, http.URL(address), "naive/1.0")
            request.headers.update(self._provider.seal(http.prepared(request), token))
            answer = self._http.send(request)
            try:
                _ = answer.json()
            except ValueError as unreadable:  # HTML, or half of an answer
                raise http.DecodingError(str(unreadable)) from unreadable
            return answer

        found: http.Response = self._again(once)
        if found.status_code == 401:
            self._token = None
        return found

    def close(self) -> None:
        self._http.close()


def _failed(answer: http.Response) -> bool:
    return answer.status_code >= 500 or answer.status_code == 429


def naive(profile: MarketProfile, seed: int, operations: int, rate: float) -> NaiveFindings:
    """Publish so many tasks."""
    found = NaiveFindings(extra="each request up to 4 times (tenacity around httpx); no ledger, no look")
    options = {**profile.options, **profile.subject.sandbox_options}  # without the campaign's request limit
    with Sandbox(profile.name, seed=seed, options={profile.name: options}) as box:
        sandbox = box[profile.name]
        charges = ChargeLog(sandbox)
        faults = DrawnFaults(seed, rate, repeated=costly_requests(profile.name).repeated, note=charges.now)
        sandbox.faults = faults
        account = box.accounts[profile.name]
        provider = profile.provider(config.settings_of(profile.provider, profile.name, account), account=profile.name)
        provider.now = box.clock.now
        client = NaiveClient(provider, {name: str(url) for name, url in account.items() if name.endswith("_url")})
        told: dict[str, bool] = {}
        try:
            for number in range(operations):
                key = f"naive-{number}"
                faults.begin(key, number)
                draft = with_reference(provider, profile.draft(number), key)
                told[key] = client.publish(profile.subject.campaign.naive(provider, draft))
                _ = charges.now(key)
                faults.moved(60)
        finally:
            client.close()
            faults.stop()
        found.operations = operations
        for key, well in told.items():
            bought = len(charges.bought(key))
            found.published += well
            found.duplicates += max(0, bought - 1)
            found.lost += bool(bought) and not well
    return found
