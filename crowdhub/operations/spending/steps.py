"""What an operation of several calls has made and paid so far stays noted, and the same key goes on from there.

The operation itself knows nothing of it: it is run again from its start, and each call that was answered before is
answered from the notes. So a draft that was made is not made twice, and what was paid is not paid twice. Calls that
only read are sent anew.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from crowdhub.errors import Conflict
from crowdhub.model import Model
from crowdhub.protocol import Call, Effect, Response

if TYPE_CHECKING:
    from crowdhub.ledger import Intent, Ledger, Step

KEPT_HEADERS = ("content-type", "location")


class Steps:
    """The calls of one purchase that change something, in their order.

    A step is written when the next call follows it, or when the operation fails: one that ends well right after it
    needs no note, for its result is kept.
    """

    def __init__(self, earlier: list[Step], *, resuming: bool = False) -> None:
        self.paid = resuming
        """Whether a call that takes money was answered."""
        self.payments = 0
        """How many calls that take money it has come to, answered or not."""
        self.payment: str | None = None
        """What the last of them is called."""
        self.goes_on = False
        """Whether an earlier call's notes were gone on from."""
        self._resuming = resuming
        self._earlier = earlier
        self._answered: dict[int, tuple[str, Response]] = {}
        self._replayed = False
        self._number = 0
        self._unwritten: list[tuple[int, Call, Response]] = []

    def restart(self) -> None:
        """The operation is run from its start."""
        self._number = self.payments = 0

    def known(self, call: Call) -> Response | None:
        """The noted answer of the next call that changes something; None where it has to be sent.

        Raises `Conflict` where the answer was too long to be kept, and where another call was paid in its place.
        """
        if call.effect is Effect.READ:
            return None
        number, self._number = self._number, self._number + 1
        if call.takes_money:
            self.payments, self.payment = self.payments + 1, call.label
        self._replayed = False
        label, response = self._answered.get(number, ("", None))
        if response is not None and label == _named(call):
            self._replayed = True
            return response
        step = next((each for each in self._earlier if each.position == number), None)
        if step is None:
            return None
        if step.call != _named(call):
            if self._resuming and call.takes_money:
                raise Conflict(
                    f"{step.call} was carried out before; {call.label} in its place would pay once more.",
                    next_step="Look at the marketplace for what was paid; nothing was sent.",
                )
            return None
        self.paid = self.paid or call.takes_money
        self._replayed = self.goes_on = True
        return _read(step)

    def answered(self, call: Call, response: Response) -> None:
        """A call was sent and answered."""
        if call.effect is not Effect.READ and not self._replayed:
            self.paid = self.paid or call.takes_money
            self._answered[self._number - 1] = _named(call), response
            self._unwritten.append((self._number - 1, call, response))

    def write(self, ledger: Ledger, intent: Intent) -> None:
        """Write down what was answered and is not noted yet; what was paid makes the intent done."""
        while self._unwritten:
            number, call, response = self._unwritten[0]
            ledger.note_step(intent, number, _named(call), _kept(response), paid=call.takes_money)
            del self._unwritten[0]

    @property
    def are_written(self) -> bool:
        return not self._unwritten


def _named(call: Call) -> str:
    """What a call is noted as. What was answered to a free one never stands for one that takes money, though their
    names may be the same: where a draft's request was lost, the places of those after it are others the next time."""
    return f"{call.label} (takes money)" if call.takes_money else call.label


class Kept(Model):
    """An answer as the ledger keeps it: its body as text, or where it is not UTF-8 in base64."""

    status: int
    headers: dict[str, str]
    text: str | None = None
    base64: str | None = None


def _kept(response: Response) -> dict[str, object]:
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    try:
        kept = Kept(status=response.status_code, headers=headers, text=response.content.decode())
    except UnicodeDecodeError:
        kept = Kept(status=response.status_code, headers=headers, base64=b64encode(response.content).decode())
    return kept.model_dump(exclude_none=True)


def _read(step: Step) -> Response:
    try:
        kept = Kept.model_validate(step.answer)
    except ValueError:
        raise Conflict(
            f"{step.call} was carried out before, and its answer was not kept.",
            next_step="Look at the marketplace for what it made; nothing was sent.",
        ) from None
    content = b64decode(kept.base64) if kept.base64 is not None else (kept.text or "").encode()
    return Response(kept.status, headers=kept.headers, content=content)
