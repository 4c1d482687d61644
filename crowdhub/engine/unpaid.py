"""A run in which nothing may take money: no intent, no budget and no word of the application stand before it."""

from __future__ import annotations

from crowdhub.errors import ConfigurationError
from crowdhub.protocol import Call, Response


class Unpaid:
    """The witness of every run that is not a purchase."""

    def __init__(self, operation: str) -> None:
        self._operation = operation

    async def before(self, call: Call) -> Response | None:
        if call.takes_money:
            raise ConfigurationError(
                f"The plugin's call {call.label} says that it takes money, and is made where nothing may: while reading"
                " or looking something up.",
                next_step="It is a defect of the plugin: its call costs nothing (`costs=False`), or belongs into an"
                " operation that is run by `market.run`. This call was not sent.",
                operation=self._operation,
            )
        return None

    async def sending(self, call: Call) -> None:
        """It takes no money."""

    async def after(self, call: Call, response: Response) -> None:
        """Nothing is noted of it."""

    def lost(self, call: Call) -> None:
        """It took no money."""
