"""Real HTTP servers on loopback, all in one background thread."""

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import cast

import uvicorn
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from crowdhub.sandbox.errors import SandboxError
from crowdhub.sandbox.gateway import LOGGER, TRANSPORT, Gateway
from crowdhub.sandbox.market import MarketSandbox

KEEP_ALIVE = 75  # seconds; what nginx does
STOP_WITHIN = 5.0


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol that lets the gateway reach the connection, and logs no requests."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, dict(app_state), _loop)
        # Switched off here, not in the Config: that would change the process-wide uvicorn loggers.
        self.logger = LOGGER
        self.access_log = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state[TRANSPORT] = transport


class _Server(uvicorn.Server):
    """uvicorn's server that starts and stops without its waits of a tenth of a second."""

    def __init__(self, gateway: Gateway) -> None:
        config = Config(
            gateway,
            http=_Protocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
        )
        super().__init__(config)
        self.gateway = gateway
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    async def main_loop(self) -> None:
        while not self.gateway.closing.is_set():
            await self.on_tick(0)  # refreshes the Date header
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self.gateway.closing.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for sock in sockets or []:
            sock.close()
        for connection in list(self.server_state.connections):
            cast("_Protocol", connection).transport.abort()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_WITHIN):
                # uvicorn keeps plain sets and tells nobody when they empty.
                while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110
                    await asyncio.sleep(0.002)


class ServerThread:
    """A daemon thread with an event loop that serves each market on its own socket."""

    def __init__(self, *, every_second: Callable[[], None] | None = None) -> None:
        self._every_second = every_second
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leaving: asyncio.Event | None = None
        self._failure: BaseException | None = None

    def start(self, markets: Sequence[MarketSandbox], sockets: Sequence[socket.socket]) -> None:
        """Serve; returns when all servers listen."""
        self._thread = threading.Thread(
            target=self._main, args=(list(markets), list(sockets)), name="crowdhub-sandbox", daemon=True
        )
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise SandboxError(f"The sandbox could not start: {self._failure}") from self._failure

    def stop(self) -> None:
        """Close all connections, also those that hang, and end the thread."""
        if self._thread is None:
            return
        if self._loop is not None and self._leaving is not None:
            with suppress(RuntimeError):  # the loop has already ended
                self._loop.call_soon_threadsafe(self._leaving.set)
        self._thread.join(STOP_WITHIN * 2)
        self._thread = None

    def _main(self, markets: list[MarketSandbox], sockets: list[socket.socket]) -> None:
        try:
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(self._serve(markets, sockets))
        except BaseException as failure:  # noqa: BLE001  (handed to the thread that started this one)
            self._failure = failure
            LOGGER.debug("The sandbox's server ended", exc_info=True)
        finally:
            self._ready.set()

    async def _serve(self, markets: list[MarketSandbox], sockets: list[socket.socket]) -> None:
        self._loop = asyncio.get_running_loop()
        self._leaving = asyncio.Event()
        servers = [_Server(Gateway(market)) for market in markets]
        async with asyncio.TaskGroup() as group:
            for server, sock in zip(servers, sockets, strict=True):
                group.create_task(server.serve(sockets=[sock]))
            if self._every_second is not None:
                group.create_task(self._beat(self._every_second, self._leaving))
            for server in servers:
                await server.up.wait()
            self._ready.set()
            await self._leaving.wait()
            for server in servers:
                server.gateway.closing.set()

    async def _beat(self, call: Callable[[], None], leaving: asyncio.Event) -> None:
        while not leaving.is_set():
            call()
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await leaving.wait()
