"""`crowdhub demo`: one program over all marketplaces, which run inside this process.

Nothing leaves the machine and nothing costs anything. What the demo claims is checked at its end against the
sandbox's own books, which know nothing of the client. Any installed marketplace with a sandbox takes part; what it has
to say about itself for that comes from its plugin's `crowdhub.testing.Subject`.
"""

from crowdhub.demo.running import DemoReport, names, options_for, run

__all__ = ["DemoReport", "names", "options_for", "run"]
