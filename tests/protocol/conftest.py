from __future__ import annotations

import json
from typing import Any

import httpx
import pytest


def answer(body: Any = None, status: int = 200, **more: Any) -> httpx.Response:
    """A response as the engine hands it to a flow."""
    if isinstance(body, bytes):
        return httpx.Response(status, content=body, **more)
    headers = {"content-type": "application/json"}
    return httpx.Response(status, content=json.dumps(body).encode(), headers=headers, **more)


@pytest.fixture(name="answer")
def _answer():
    return answer
