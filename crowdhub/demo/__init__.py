"""`crowdhub demo`: one program over all marketplaces, which run inside this process.

Nothing leaves the machine and nothing costs anything. What the demo claims is checked at its end against the
sandbox's own books, which know nothing of the client.
"""

from crowdhub.demo.play import Outcome, run
from crowdhub.demo.scene import Scene
from crowdhub.demo.scenes import SCENES

__all__ = ["SCENES", "Outcome", "Scene", "run"]
