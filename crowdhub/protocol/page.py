"""One page of a listing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from crowdhub.errors import UnreadableResponse
    from crowdhub.protocol.flow import Flow

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """``items``, and ``more``: makes the flow of the next page (None: this is the last).

    ``total`` is the length of the whole listing as the marketplace tells it at this moment, if it does.
    ``unreadable`` holds one error for each record that could not be read: it is reported, never dropped.
    """

    items: Sequence[T]
    more: Callable[[], Flow[Page[T]]] | None = None
    total: int | None = None
    unreadable: Sequence[UnreadableResponse] = ()
