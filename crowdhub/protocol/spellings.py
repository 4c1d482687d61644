"""Where a marketplace's own pages contradict one another, which way its server takes is learned from its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product

from crowdhub.errors import CrowdhubError
from crowdhub.protocol.call import Call, Effect
from crowdhub.protocol.flow import Flow
from crowdhub.protocol.response import Response


class Spellings:
    """What an account's marketplace has shown of the ways in which its calls can be written: one for each provider
    object, whichever threads and event loops use it.

    It holds a few texts, each written in one step: two who learn at once learn the same.
    """

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def known(self, choice: str) -> str | None:
        """What was learned of a choice; None: nothing yet."""
        return self._known.get(choice)

    def ask(
        self,
        call: Callable[[Mapping[str, str]], Call],
        refuses: Callable[[CrowdhubError], bool],
        **choices: Sequence[str],
    ) -> Flow[Response]:
        """Send a call as the marketplace takes it.

        ``choices``: the ways of each choice, the likeliest first (``verb=("PUT", "POST")``); ``call`` makes the call
        for one way of each. ``refuses`` says whether an error proves that the call was written in a way that the
        marketplace does not know, so that nothing was done; only then another one is sent, and what is taken is
        remembered under the choice's name. A call that takes money, or may not be repeated, is sent once: the error
        is raised, and the next one is written the other way. Raises the error of the likeliest where all are refused.
        """
        ways = [dict(zip(choices, each, strict=True)) for each in product(*self._orders(choices))]
        first: CrowdhubError | None = None
        for number, way in enumerate(ways):
            made = call(way)
            try:
                reply = yield made
            except CrowdhubError as error:
                if not refuses(error):
                    raise
                if made.effect is Effect.SPEND or made.takes_money:
                    self._known.update(ways[(number + 1) % len(ways)])
                    raise error.with_(
                        next_step="The marketplace does not know the call as it was written, so nothing was done."
                        " Ask again: it will be written the other way."
                    ) from error
                first = first or error
                continue
            self._known.update(way)
            return reply
        assert first is not None, "a choice has no ways"
        raise first

    def _orders(self, choices: Mapping[str, Sequence[str]]) -> list[Sequence[str]]:
        """The ways of each choice, what is known first."""
        return [self._order(ways, self._known.get(name)) for name, ways in choices.items()]

    def _order(self, ways: Sequence[str], known: str | None) -> Sequence[str]:
        return sorted(ways, key=lambda way: way != known)
