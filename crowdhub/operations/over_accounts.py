"""The parts of one call that concern several accounts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from crowdhub.errors import CrowdhubError
from crowdhub.operations.port import Port
from crowdhub.protocol import AnyProvider

T = TypeVar("T")


async def over_accounts(works: Sequence[tuple[Port, Callable[[], Awaitable[T]]]]) -> list[T | CrowdhubError]:
    """What each account's part comes to, in their order. Under an event loop they go at the same time, except two names
    of one account; in ordinary code one after another, for there each account's part has the threads to itself."""
    found: dict[int, T | CrowdhubError] = {}

    async def in_turn(places: Sequence[int]) -> None:
        for place in places:
            try:
                found[place] = await works[place][1]()
            except CrowdhubError as error:
                found[place] = error

    if works and works[0][0].has_loop:
        groups: dict[int, list[int]] = {}
        for place, (port, _) in enumerate(works):
            groups.setdefault(credentials_of(port.provider), []).append(place)
        _ = await works[0][0].side_by_side([partial(in_turn, places) for places in groups.values()])
    else:
        await in_turn(range(len(works)))
    return [found[place] for place in range(len(works))]


def credentials_of(provider: AnyProvider) -> int:
    """What all names of one account have in common, without its keys."""
    settings = provider.settings
    return hash((provider.name, settings.base_url, *sorted(settings.secrets())))
