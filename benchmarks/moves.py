"""How far one publish travels inside the library: the files that it enters, and how often it goes from one to another.

Counted with ``sys.setprofile`` on the second publish of a hub (the first one loads and opens things), in ordinary code,
with the default ledger and with none.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

import crowdhub
from crowdhub import Hub, Money, TaskDraft
from crowdhub.sandbox import Sandbox

OURS = Path(crowdhub.__file__).parent
PLUGINS = "crowdhub_"


class Trail:
    """Follows the calls of one thread."""

    def __init__(self) -> None:
        self.rooms: set[str] = set()
        self.moves = 0
        self.calls = 0
        self._here = ""

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event not in ("call", "return"):
            return
        file = frame.f_code.co_filename
        if not (file.startswith(str(OURS)) or PLUGINS in file):
            return
        if event == "call":
            self.calls += 1
        elif frame.f_back is None or frame.f_back.f_code.co_filename == file:
            return
        room = file if event == "call" else (frame.f_back.f_code.co_filename if frame.f_back else file)
        if not (room.startswith(str(OURS)) or PLUGINS in room):
            return
        self.rooms.add(room)
        if room != self._here:
            self.moves += 1
        self._here = room


def measure() -> None:
    draft = TaskDraft(
        title="Moves",
        instructions="Do it.",
        reward=Money("0.10", "USD"),
        slots=2,
        proof="A proof",
        category="Survey",
    )
    print(f"{'publish':24} {'files':>6} {'moves':>6} {'calls':>6}")
    for words, ledger in (("with the default ledger", "default"), ("without a ledger", None)):
        with Sandbox("rapidworkers") as box, Hub(box.accounts, ledger=ledger) as hub:
            market = hub["rapidworkers"]
            market.publish(draft)
            trail = Trail()
            sys.setprofile(trail)
            try:
                market.publish(draft)
            finally:
                sys.setprofile(None)
        print(f"{words:24} {len(trail.rooms):>6} {trail.moves:>6} {trail.calls:>6}")


if __name__ == "__main__":
    measure()
