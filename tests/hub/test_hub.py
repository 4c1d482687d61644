import gc
import threading
import warnings
from typing import Any

import anyio
import pytest

from crowdhub import AsyncHub, Capability, Hub, Market
from crowdhub.errors import ConfigurationError
from crowdhub.testing import SandboxFactory
from crowdhub_rapidworkers import RapidWorkers
from tests.conftest import World

ACCOUNT = {"api_key": "sk-some-key-123", "base_url": "http://127.0.0.1:1"}


def test_a_market_by_name_and_by_class() -> None:
    with Hub({"rapidworkers": ACCOUNT}) as hub:
        market = hub["rapidworkers"]
        assert market is hub["rapidworkers"] is hub.market(RapidWorkers)
        assert isinstance(market.provider, RapidWorkers)
        assert Capability.BULK_REVIEW in market.capabilities
        assert (market.name, market.environment, market.currency) == ("rapidworkers", "sandbox", "USD")
        assert list(hub) == ["rapidworkers"]
        assert len(hub) == 1
        assert "rapidworkers" in hub
        assert "etxt" not in hub


def test_two_accounts_of_one_marketplace() -> None:
    accounts = {
        "rw-us": {**ACCOUNT, "provider": "rapidworkers"},
        "rw-eu": {**ACCOUNT, "provider": "rapidworkers", "base_url": "https://api.rapidworkers.io"},
    }
    with Hub(accounts) as hub:
        assert hub["rw-us"] is not hub["rw-eu"]
        assert [hub[name].environment for name in hub] == ["sandbox", "live"]
        assert "sandbox" in repr(hub["rw-us"])
        assert "live" in repr(hub["rw-eu"])
        with pytest.raises(ConfigurationError, match=r"2 accounts of rapidworkers: rw-us, rw-eu") as caught:
            hub.market(RapidWorkers)
        assert "account=" in caught.value.next_step
        assert hub.market(RapidWorkers, account="rw-eu") is hub["rw-eu"]


def test_an_unknown_account_names_those_there_are() -> None:
    with Hub({"rapidworkers": ACCOUNT}) as hub, pytest.raises(ConfigurationError, match="rapidworkers"):
        hub["rapidworker"]


def test_there_is_no_default_live_account() -> None:
    with Hub({}) as hub:
        with pytest.raises(ConfigurationError, match="none"):
            hub["rapidworkers"]
        with pytest.raises(ConfigurationError, match="0 accounts"):
            hub.market(RapidWorkers)


def test_settings_are_copied_not_shared() -> None:
    accounts = {"rapidworkers": dict(ACCOUNT)}
    with Hub(accounts) as hub:
        accounts["rapidworkers"]["api_key"] = "changed-later-1"
        assert hub.market(RapidWorkers).provider.settings.api_key.get_secret_value() == ACCOUNT["api_key"]


@pytest.mark.parametrize("kind", [Hub, AsyncHub])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("on_unsupported", "ignore"),
        ("max_wait", "long"),
        ("max_wait", -1),
        ("timeout", float("nan")),
        ("timeout", None),
    ],
)
def test_wrong_options_are_named(kind: type[Hub] | type[AsyncHub], name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=name):
        kind({}, **{name: value})


def test_a_closed_hub_says_so() -> None:
    hub = Hub({"rapidworkers": ACCOUNT})
    with hub:
        hub["rapidworkers"]
    with pytest.raises(ConfigurationError, match="closed"):
        hub["rapidworkers"]
    hub.close()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_closed_async_hub_says_so(backend: str) -> None:
    async def main() -> None:
        async with AsyncHub({"rapidworkers": ACCOUNT}) as hub:
            assert hub["rapidworkers"] is hub.market(RapidWorkers)
        with pytest.raises(ConfigurationError, match="closed"):
            hub["rapidworkers"]
        await hub.close()

    anyio.run(main, backend=backend)


def test_an_async_hub_can_be_made_before_the_loop_runs() -> None:
    hub = AsyncHub({"rapidworkers": ACCOUNT})
    assert "rapidworkers" in hub["rapidworkers"].name

    async def main() -> None:
        async with hub:
            assert hub["rapidworkers"].environment == "sandbox"

    anyio.run(main)


def test_many_threads_open_one_market() -> None:
    with Hub({"rapidworkers": ACCOUNT}) as hub:
        got: list[Market[Any]] = []
        start = threading.Barrier(8)

        def take() -> None:
            start.wait()
            got.append(hub["rapidworkers"])

        threads = [threading.Thread(target=take) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(got) == 8
    assert len({id(market) for market in got}) == 1


def test_opening_and_closing_leaves_no_threads_or_warnings(crowdhub_sandbox: SandboxFactory) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()  # what others left is not told of here
    box = crowdhub_sandbox("rapidworkers")
    before = threading.active_count()
    for _ in range(3):
        with Hub(box.accounts) as hub:
            hub["rapidworkers"].balance()
            list(hub["rapidworkers"].tasks())
    gc.collect()
    assert threading.active_count() <= before + 1


def test_the_balance_in_all_worlds(world: World, crowdhub_sandbox: SandboxFactory) -> None:
    box = crowdhub_sandbox("rapidworkers")
    assert str(world.hub(box.accounts, lambda hub: hub["rapidworkers"].balance())) == "1000.00 USD"


def test_the_requests_left_are_told(ordinary: World, crowdhub_sandbox: SandboxFactory) -> None:
    box = crowdhub_sandbox("rapidworkers")
    with Hub(box.accounts) as hub:
        market = hub["rapidworkers"]
        before = market.request_budget()
        market.balance()
        assert (before.calls, before.seconds, before.left) == (1000, 3600, 1000)
        assert market.request_budget().left == 999
        assert market.requests == 1
