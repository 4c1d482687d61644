"""`Sandbox`: some marketplaces, one clock, real servers."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from inspect import isclass
from types import FrameType, TracebackType
from typing import Self, TypeVar

from crowdhub.embedded import Embedded
from crowdhub.sandbox.clock import SandboxClock
from crowdhub.sandbox.errors import SandboxError
from crowdhub.sandbox.market import AccountSettings, MarketSandbox
from crowdhub.sandbox.registry import load_sandbox, sandbox_names
from crowdhub.sandbox.server import ServerThread

M = TypeVar("M", bound=MarketSandbox)


class Accounts(dict[str, AccountSettings]):
    """Account settings by name, with the clock of the sandbox that they are for: `Hub(box.accounts)` lives by it.

    What is merged or copied from it is an ordinary dict, without a clock.
    """

    def __init__(self, settings: Mapping[str, AccountSettings], *, clock: SandboxClock) -> None:
        super().__init__(settings)
        self.clock = clock

    def __reduce__(self) -> tuple[type[dict[str, AccountSettings]], tuple[dict[str, AccountSettings]]]:
        return dict, (dict(self),)  # a clock is not sent to other processes


class Sandbox:
    """Local marketplaces to publish on without paying anyone.

    `markets` are names of installed sandboxes, or `MarketSandbox` classes or instances. `options` are further
    settings of one market, by its name: `options={"rapidworkers": {"rate_limit": None}}`. With `port`, the
    first market listens there and each further one on the next port; otherwise the system chooses.
    """

    def __init__(
        self,
        *markets: str | type[MarketSandbox] | MarketSandbox,
        seed: int = 0,
        host: str = "127.0.0.1",
        port: int = 0,
        realtime: bool = False,
        starting_at: datetime | None = None,
        options: Mapping[str, Mapping[str, object]] | None = None,
    ) -> None:
        self._markets: dict[str, MarketSandbox] = {}
        self._server: ServerThread | None = None
        if not markets:
            known = ", ".join(sandbox_names()) or "none is installed"
            raise SandboxError(f"A sandbox needs the name of at least one marketplace ({known})")
        self.clock = SandboxClock(starting_at, realtime=realtime, moved=self.tick)
        """The time of all the markets. Moving it, or sleeping on it, lets their people act."""
        self.host, self.port = host, port
        wanted = dict(options or {})
        for market in markets:
            made = self._make(market, seed, wanted)
            if made.name in self._markets:
                raise SandboxError(f"The market {made.name!r} is named twice")
            self._markets[made.name] = made
        if wanted:
            raise SandboxError(f"There are options for {', '.join(wanted)}, which is not in this sandbox")
        self._urls: dict[str, str] = {}
        self._embedded: Embedded | None = None

    def _make(
        self,
        market: str | type[MarketSandbox] | MarketSandbox,
        seed: int,
        options: dict[str, Mapping[str, object]],
    ) -> MarketSandbox:
        if isinstance(market, MarketSandbox):
            market.clock = self.clock
            return market
        kind = market if isclass(market) else load_sandbox(market)
        factory: Callable[..., MarketSandbox] = kind
        given = options.pop(kind.name, {})
        try:
            return factory(clock=self.clock, seed=seed, **given)
        except (ArithmeticError, ValueError):  # of a number that is none, or too large
            listed = ", ".join(f"{name}={str(value)[:40]}" for name, value in given.items())
            raise SandboxError(f"The {kind.name} sandbox cannot be made with {listed}") from None

    def start(self) -> Self:
        """Start the servers; does nothing when they run already."""
        if self._server is not None:
            return self
        with ExitStack() as undo:
            sockets: list[socket.socket] = []
            for offset in range(len(self._markets)):
                sock = _bind(self.host, self.port + offset if self.port else 0)
                undo.callback(sock.close)
                sockets.append(sock)
            undo.pop_all()
        self._urls = {name: _url(sock) for name, sock in zip(self._markets, sockets, strict=True)}
        server = ServerThread(every_second=self.tick if self.clock.realtime else None)
        server.start(list(self._markets.values()), sockets)
        self._server = server
        self._embedded = Embedded(self._urls.values())
        return self

    def stop(self) -> None:
        """Stop the servers; the state of the markets can still be looked at."""
        if self._server is not None:
            self._server.stop()
            self._server = None
            if self._embedded is not None:
                self._embedded.stop()
                self._embedded = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def accounts(self) -> Accounts:
        """The account settings of every market, as `Hub` takes them, and the clock for it to live by."""
        if self._server is None:
            raise SandboxError("The sandbox is not running: use it in a `with` statement, or call start()")
        settings = {
            name: {**market.account(self._urls[name]), "environment": "sandbox"}
            for name, market in self._markets.items()
        }
        return Accounts(settings, clock=self.clock)

    def __getitem__(self, name: str) -> MarketSandbox:
        try:
            return self._markets[name]
        except KeyError:
            known = ", ".join(self._markets)
            raise SandboxError(f"There is no market {name!r} in this sandbox, only {known}") from None

    def market(self, kind: type[M]) -> M:
        """The market of this class, typed."""
        for market in self._markets.values():
            if isinstance(market, kind):
                return market
        raise SandboxError(f"There is no {kind.__name__} in this sandbox")

    def __iter__(self) -> Iterator[str]:
        return iter(self._markets)

    def __len__(self) -> int:
        return len(self._markets)

    def advance(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0) -> datetime:
        """Move the clock and let the scripted workers of every market act up to the new time."""
        return self.clock.advance(seconds=seconds, minutes=minutes, hours=hours, days=days)

    def tick(self) -> None:
        """Let the scripted workers act up to now."""
        for market in self._markets.values():
            market.tick()

    def __repr__(self) -> str:
        state = "running" if self._server is not None else "stopped"
        return f"<Sandbox {', '.join(self._markets)} ({state})>"


def run_forever(
    names: Sequence[str | type[MarketSandbox] | MarketSandbox],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    seed: int = 0,
    realtime: bool = False,
    options: Mapping[str, Mapping[str, object]] | None = None,
    announce: Callable[[dict[str, AccountSettings]], None] | None = None,
) -> None:
    """Run a sandbox until Ctrl-C or SIGTERM; `announce` is given the accounts once it listens."""
    stop = threading.Event()

    def leave(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    with Sandbox(*names, host=host, port=port, seed=seed, realtime=realtime, options=options) as box:
        before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            if announce is not None:
                announce(box.accounts)
            while not stop.wait(1):  # in steps: Windows delivers no Ctrl-C to an endless wait
                pass
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where the protocol is named; without it every answer waits 40 ms.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except OSError as failure:
        sock.close()
        raise SandboxError(f"The sandbox cannot listen on {host}:{port}: {failure}") from failure
    return sock


def _url(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
