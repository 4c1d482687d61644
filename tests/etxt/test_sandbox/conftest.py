"""A bare client that signs by itself, knowing nothing of the plugin."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import httpx
import pytest

from crowdhub.sandbox import Sandbox
from crowdhub_etxt.sandbox import EtxtSandbox

ORDER = {"title": "A text", "price": 300, "price_type": 2, "size": 1000, "id_category": 3, "description": "Write."}


class Api:
    """Calls functions with `method`, `token` and `sign` in the query and the rest where it is wanted."""

    def __init__(self, http: httpx.Client, account: dict[str, Any]) -> None:
        self.http = http
        self.url, self.token, self.api_pass = account["base_url"], account["token"], account["api_pass"]

    def sign(self, query: dict[str, str]) -> str:
        inner = hashlib.md5(f"{self.api_pass}api-pass".encode()).hexdigest()
        text = "".join(f"{name}={query[name]}" for name in sorted(query))
        return hashlib.md5((text + inner).encode()).hexdigest()

    def query(self, method: str, /, **params: Any) -> dict[str, str]:
        query = {"method": method, "token": self.token, **pairs(params)}
        return {**query, "sign": self.sign(query)}

    def __call__(self, method: str, /, _files: Any = None, **params: Any) -> Any:
        """By POST."""
        answer = self.http.post(self.url, params=self.query(method), data=pairs(params), files=_files)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, method: str, /, **params: Any) -> Any:
        """By GET, everything signed."""
        answer = self.http.get(self.url, params=self.query(method, **params))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def error(self, method: str, /, **params: Any) -> str:
        """The code of a refusal."""
        answer = self(method, **params)
        assert list(answer) == ["error"], answer
        code: str = answer["error"]
        return code


def pairs(params: dict[str, Any]) -> dict[str, str]:
    """Arrays as name[0], name[1]."""
    flat: dict[str, str] = {}
    for name, value in params.items():
        if isinstance(value, list | tuple):
            flat |= {f"{name}[{place}]": str(each) for place, each in enumerate(cast("Sequence[object]", value))}
        else:
            flat[name] = str(value)
    return flat


@pytest.fixture
def options() -> dict[str, object]:
    """Options of the sandbox; nobody acts by himself unless a test says so."""
    return {"work_rate": 0}


@pytest.fixture
def box(options: dict[str, object]) -> Iterator[Sandbox]:
    with Sandbox(EtxtSandbox, options={"etxt": options}) as box:
        yield box


@pytest.fixture
def market(box: Sandbox) -> Iterator[EtxtSandbox]:
    market = box.market(EtxtSandbox)
    yield market
    assert market.books().problems() == []


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=10) as client:
        yield client


@pytest.fixture
def api(box: Sandbox, http: httpx.Client) -> Api:
    return Api(http, box.accounts["etxt"])


@pytest.fixture
def new_api() -> type[Api]:
    return Api


@pytest.fixture
def other(box: Sandbox, market: EtxtSandbox, http: httpx.Client) -> Api:
    base = box.accounts["etxt"]["base_url"].removesuffix("/api/json/")
    return Api(http, market.other_account(base))


Save = Callable[..., int]
One = Callable[[int], dict[str, str]]


@pytest.fixture
def save(api: Api) -> Save:
    """Saves an order, published unless told otherwise; its id."""

    def save(**changes: Any) -> int:
        answer = api("tasks.saveTask", **{**ORDER, "public": 1, **changes})
        assert list(answer) == ["id_task"], answer
        return int(answer["id_task"])

    return save


@pytest.fixture
def one(api: Api) -> One:
    """An order as tasks.listTasks shows it."""

    def one(order_id: int) -> dict[str, str]:
        (order,) = api("tasks.listTasks", id=order_id)
        return dict(order)

    return one
