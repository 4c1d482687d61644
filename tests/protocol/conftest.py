from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from crowdhub.protocol import Response


def answer(body: Any = None, status: int = 200, **more: Any) -> Response:
    """A response as the engine hands it to a flow."""
    if isinstance(body, bytes):
        return Response(status, content=body, **more)
    headers = {"content-type": "application/json"}
    return Response(status, content=json.dumps(body).encode(), headers=headers, **more)


@pytest.fixture(name="answer")
def _answer() -> Callable[..., Response]:
    return answer
