"""What a marketplace would have a browser remember is forgotten at once."""

from __future__ import annotations

import anyio

from crowdhub import Call, Effect
from crowdhub.engine.client import LARGEST_ANSWER, BlockingClient, HttpClient, LoopClient
from crowdhub.engine.runtime import drive
from crowdhub.engine.session import Session
from crowdhub.engine.transport import Signer
from tests.conftest import World
from tests.engine.conftest import Http, MakeSession, RawServer


async def ask_thrice(client: HttpClient, session: Session) -> None:
    for _ in range(3):
        await client.send(session.request(Call.get("/x", effect=Effect.READ)), lambda _: None)
    await client.close()


def test_no_cookie_is_kept_or_sent_back(world: World, session: MakeSession, server: RawServer, http: Http) -> None:
    server.reply = lambda number, request: http(200, {}, set_cookie=f"name{number}=value; Max-Age=99999; Path=/")
    made = session()
    signer = Signer(made.provider, LARGEST_ANSWER)
    if world.kind == "sync":
        client: BlockingClient | LoopClient = BlockingClient(signer, made.urls)
        drive(ask_thrice(client, made))
    else:
        client = LoopClient(signer, made.urls)
        anyio.run(ask_thrice, client, made, backend=world.kind)
    assert server.count == 3
    assert not any(b"cookie" in request.lower() for request in server.requests)
    assert list(client._client.cookies.jar) == []
