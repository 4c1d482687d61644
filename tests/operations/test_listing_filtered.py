"""Listings of which the plugin keeps only some records, and listings whose pages stay where they are."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import ClassVar

import pytest

from crowdhub import Page, Provider, Task, TaskStatus, operation
from crowdhub.engine.session import Options, Session
from crowdhub.errors import UnreadableResponse
from crowdhub.operations import listing
from crowdhub.protocol import Flow, ProviderSettings, no_call
from tests.conftest import World
from tests.support.hand_clock import HandClock


class Archive(Provider[ProviderSettings]):
    """Lists all its tasks, fifty a page; which of them are asked for the plugin has to see for itself."""

    name: ClassVar[str] = "archive"
    title: ClassVar[str] = "Archive"
    currency = "USD"
    settings_type = ProviderSettings

    count = 0
    size = 50
    kept: Collection[int] = ()
    stable = False
    tells_total = False
    unreadable: Collection[int] = ()

    def __init__(self, settings: ProviderSettings) -> None:
        super().__init__(settings)
        self.asked: list[int] = []

    @operation
    def tasks(self, status: TaskStatus | None = None, page: int = 1) -> Flow[Page[Task]]:
        self.asked.append(page)
        there = range((page - 1) * self.size, min(page * self.size, self.count))
        bad = [number for number in there if number in self.unreadable]
        found: Page[Task] = Page(
            [Task(**self.identity, id=str(number)) for number in there if number in self.kept],
            more=(lambda: self.tasks(status, page + 1)) if page * self.size < self.count else None,
            total=self.count if self.tells_total else None,
            unreadable=[UnreadableResponse("a record cannot be read", records=[number]) for number in bad],
            read=len(there),
            stable=self.stable,
        )
        return no_call(found)


Read = Callable[[Archive], list[str]]


@pytest.fixture
def archive() -> Archive:
    return Archive(ProviderSettings(base_url="http://127.0.0.1:1"))


@pytest.fixture
def read(world: World, clock: HandClock) -> Read:
    def reading(archive: Archive) -> list[str]:
        session = Session(archive, Options(clock=clock))
        return [task.id for task in world.market(session, lambda market: market.tasks(status="full"))]

    return reading


def test_many_pages_of_which_nothing_is_kept_do_end(archive: Archive, read: Read) -> None:
    archive.count = 1_150
    assert read(archive) == []
    assert archive.asked == [*range(1, 24), *range(1, 24)]


def test_the_few_that_are_kept_are_found_on_the_last_of_many_pages(archive: Archive, read: Read) -> None:
    archive.count, archive.kept = 5_000, (4_998, 4_999)
    assert read(archive) == ["4998", "4999"]


def test_those_between_many_pages_without_any_are_found(archive: Archive, read: Read) -> None:
    archive.count, archive.kept = 10_000, range(0, 10_000, 1_900)
    assert read(archive) == [str(number) for number in archive.kept]


def test_stable_pages_are_read_once(archive: Archive, read: Read) -> None:
    archive.count, archive.kept, archive.stable = 600, range(600), True
    assert len(read(archive)) == 600
    assert archive.asked == list(range(1, 13))  # 12 pages, 12 requests


def test_others_are_read_until_a_pass_brings_nothing_new(archive: Archive, read: Read) -> None:
    archive.count, archive.kept = 600, range(600)
    assert len(read(archive)) == 600
    assert archive.asked == [*range(1, 13), *range(1, 13)]


def test_a_listing_that_is_not_stable_throughout_is_read_again(archive: Archive, read: Read) -> None:
    class Half(Archive):
        @operation
        def tasks(self, status: TaskStatus | None = None, page: int = 1) -> Flow[Page[Task]]:
            self.stable = page != 2
            return (yield from super().tasks(status, page))

    half = Half(archive.settings)
    half.count, half.kept = 150, range(150)
    assert len(read(half)) == 150
    assert half.asked == [1, 2, 3, 1, 2, 3]


@pytest.mark.parametrize("kept", [range(600), range(0, 600, 7), ()])
def test_a_length_alone_proves_nothing(archive: Archive, read: Read, kept: Collection[int]) -> None:
    archive.count, archive.kept, archive.tells_total = 600, kept, True
    assert len(read(archive)) == len(kept)
    assert archive.asked == [*range(1, 13), *range(1, 13)]


def test_what_cannot_be_read_of_a_filtered_listing_is_reported(archive: Archive, read: Read) -> None:
    archive.count, archive.kept, archive.unreadable = 1_150, (3, 700), (10, 1_100)
    with pytest.raises(UnreadableResponse, match="2 of the listing's records") as caught:
        read(archive)
    assert caught.value.records == (10, 1_100)


class Endless(Archive):
    """The same page for ever."""

    @operation
    def tasks(self, status: TaskStatus | None = None, page: int = 1) -> Flow[Page[Task]]:
        self.asked.append(page)
        bad = UnreadableResponse("a record cannot be read", records=[7])
        none_kept: Page[Task] = Page([], more=lambda: self.tasks(status, page + 1), read=self.size)
        unreadable: Page[Task] = Page([], more=lambda: self.tasks(status, page + 1), unreadable=[bad])
        return no_call(none_kept if self.size else unreadable)


def test_one_that_really_never_ends_is_given_up(
    ordinary: World, clock: HandClock, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_LEFT_OUT", 5_000)
    endless = Endless(archive.settings)
    with pytest.raises(UnreadableResponse, match=r"never ends: .*5,050 records"):
        ordinary.market(Session(endless, Options(clock=clock)), lambda market: market.tasks())
    assert len(endless.asked) in (101, 102)  # one page may have been fetched ahead


def test_one_that_repeats_what_cannot_be_read_for_ever_is_given_up(
    ordinary: World, clock: HandClock, archive: Archive
) -> None:
    endless = Endless(archive.settings)
    endless.size = 0
    with pytest.raises(UnreadableResponse, match="never ends"):
        ordinary.market(Session(endless, Options(clock=clock)), lambda market: market.tasks())
    assert len(endless.asked) < 20


def test_many_pages_of_nothing_but_what_cannot_be_read_are_reported(archive: Archive, read: Read) -> None:
    class Spoilt(Archive):
        @operation
        def tasks(self, status: TaskStatus | None = None, page: int = 1) -> Flow[Page[Task]]:
            bad = UnreadableResponse("a record cannot be read", records=[page])
            more = (lambda: self.tasks(status, page + 1)) if page < 30 else None
            return no_call(Page[Task]([], more=more, unreadable=[bad]))

    with pytest.raises(UnreadableResponse, match="30 of the listing's records"):
        read(Spoilt(archive.settings))
