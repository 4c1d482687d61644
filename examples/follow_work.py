"""Follow a task's work and keep the files that people hand in.

python examples/follow_work.py                              on a marketplace inside this program
python examples/follow_work.py crowdhub.toml TASK [FOLDER]  on your account "rapidworkers", a task you published
"""

import sys
import tempfile
from pathlib import Path

from _accounts import open_hub

from crowdhub import Hub, Market, Money, Task, TaskDraft
from crowdhub.errors import CrowdhubError
from crowdhub.protocol import AnyProvider


def some_task(market: Market[AnyProvider]) -> Task:
    """In the sandbox there is no task yet."""
    return market.publish(
        TaskDraft(
            title="Photograph a bus stop",
            instructions="Photograph the sign of a bus stop near you, so that its name can be read.",
            reward=Money("0.30", "USD"),
            slots=10,
            proof="The stop's name and one photograph",
            category="Photography",
        )
    )


with open_hub(Hub, "rapidworkers") as opened, opened as hub, tempfile.TemporaryDirectory() as temporary:
    market = hub["rapidworkers"]
    task = market.task(sys.argv[2]) if len(sys.argv) > 2 else some_task(market)
    folder = Path(sys.argv[3] if len(sys.argv) > 3 else temporary)
    missing = task.slots or 0
    for work in market.watch([task], status="pending", interval=900):
        try:
            saved = market.download(work, folder, max_bytes=10_000_000)
        except CrowdhubError as error:  # a link that has expired, say: the others are still to be had
            print(f"{work.id}: {error}")
            continue
        print(f"{work.submitted_at:%H:%M} {work.worker.name} ({work.worker.country}): {work.text or 'no text'}")
        print(f"      {', '.join(path.name for path in saved) or 'no files'}")
        missing -= 1
        if not missing:
            break
    print(f"{len(list(folder.iterdir()))} files; nothing was decided on, so nothing was paid")
