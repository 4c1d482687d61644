"""Local marketplaces for tests, demos and benchmarks: real HTTP servers on loopback, with a clock to move.

    with Sandbox("rapidworkers") as box:
        hub = Hub(box.accounts)
        ...
        box.advance(hours=1)              # scripted workers hand in what they do in an hour
        assert box["rapidworkers"].books().agree()

A marketplace's sandbox is found by its name in the entry-point group `crowdhub.sandboxes`.
"""

try:
    import PIL
    import python_multipart
    import starlette
    import uvicorn
except ModuleNotFoundError as missing:
    raise ImportError(
        f'The sandbox needs the package {missing.name!r}: pip install "crowdhub[sandbox]"', name=missing.name
    ) from missing
else:
    del PIL, python_multipart, starlette, uvicorn

from crowdhub.sandbox.books import Books, Charge, Purse
from crowdhub.sandbox.box import Accounts, Sandbox, run_forever
from crowdhub.sandbox.clock import SandboxClock
from crowdhub.sandbox.errors import SandboxError
from crowdhub.sandbox.faults import Fault, Faults, FiredFault
from crowdhub.sandbox.images import png
from crowdhub.sandbox.limits import RequestWindow
from crowdhub.sandbox.market import AccountSettings, MarketSandbox, RequestRecord
from crowdhub.sandbox.registry import sandbox_names

__all__ = [
    "AccountSettings",
    "Accounts",
    "Books",
    "Charge",
    "Fault",
    "Faults",
    "FiredFault",
    "MarketSandbox",
    "Purse",
    "RequestRecord",
    "RequestWindow",
    "Sandbox",
    "SandboxClock",
    "SandboxError",
    "png",
    "run_forever",
    "sandbox_names",
]
