"""Lists that the plugin filters, over many pages of the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crowdhub import Hub, Money, TaskDraft
from crowdhub.market import Market
from crowdhub.sandbox import Sandbox
from crowdhub_etxt import Etxt, EtxtOptions
from crowdhub_etxt.sandbox import EtxtSandbox

ROWS = 4  # a page
PAGES = 14  # more than a listing may bring in a row that has nothing new


@pytest.fixture
def market(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Market[Etxt]]:
    monkeypatch.setattr(Etxt, "page_rows", ROWS)
    with Hub(box.accounts) as hub:
        yield hub.market(Etxt)


DRAFT = TaskDraft(
    title="A text about bicycles",
    instructions="Two thousand characters.",
    reward=Money(10, "RUB"),
    options=[EtxtOptions(id_category=1, size=2000)],
)


def test_the_few_full_orders_among_many_are_listed(market: Market[Etxt], people: EtxtSandbox) -> None:
    """They are chosen here, out of all orders: most pages keep none of what they read."""
    ids = [market.publish(DRAFT).id for _ in range(ROWS * PAGES)]
    for chosen in (ids[0], ids[-1]):
        people.hand_in(chosen)
    people.clear_requests()
    assert {each.id for each in market.tasks(status="full")} == {ids[0], ids[-1]}
    assert people.request_count >= PAGES
    assert list(market.tasks(status="draft")) == []
    assert len(list(market.tasks())) == ROWS * PAGES


def test_the_work_of_a_multiple_order_among_many_others(market: Market[Etxt], people: EtxtSandbox) -> None:
    parent = market.publish(DRAFT.copy_with(slots=2))
    people.hand_in(parent.id)
    for _ in range(ROWS * PAGES):
        market.publish(DRAFT.copy_with(title="Another text"))
    people.hand_in(parent.id)
    assert len({each.id for each in market.submissions(parent)}) == 2


def test_a_key_finds_its_order_on_whatever_page(market: Market[Etxt], people: EtxtSandbox, box: Sandbox) -> None:
    first = market.publish(DRAFT, key="one")
    for _ in range(ROWS * 2):
        market.publish(DRAFT)
    with Hub(box.accounts) as another:  # with a ledger of its own
        found = another["etxt"].publish(DRAFT, key="one")
    assert (found.id, found.replayed) == (first.id, True)
