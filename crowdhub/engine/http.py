"""The one module that knows which HTTP library is underneath; everything else imports its names from here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import simplejson
from httpx import (
    URL,
    AsyncBaseTransport,
    AsyncByteStream,
    AsyncClient,
    AsyncHTTPTransport,
    BaseTransport,
    Client,
    ConnectError,
    ConnectTimeout,
    DecodingError,
    HTTPError,
    HTTPTransport,
    InvalidURL,
    LocalProtocolError,
    NetworkError,
    PoolTimeout,
    ProtocolError,
    Proxy,
    ReadTimeout,
    Request,
    Response,
    SyncByteStream,
    Timeout,
    TimeoutException,
    TransportError,
    UnsupportedProtocol,
    create_ssl_context,
)

from crowdhub.protocol import UNSET, Call, PreparedRequest, Upload

__all__ = [
    "URL",
    "AsyncBaseTransport",
    "AsyncByteStream",
    "AsyncClient",
    "AsyncHTTPTransport",
    "BaseTransport",
    "Client",
    "ConnectError",
    "ConnectTimeout",
    "DecodingError",
    "HTTPError",
    "HTTPTransport",
    "InvalidURL",
    "LocalProtocolError",
    "NetworkError",
    "PoolTimeout",
    "ProtocolError",
    "Proxy",
    "ReadTimeout",
    "Request",
    "Response",
    "SyncByteStream",
    "Timeout",
    "TimeoutException",
    "TransportError",
    "UnsupportedProtocol",
    "build_request",
    "create_ssl_context",
]


def build_request(call: Call, url: URL, user_agent: str, extensions: dict[str, object] | None = None) -> Request:
    """The HTTP request that a call stands for, at ``url``."""
    headers = {"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
    content: bytes | None = None
    files: Any = None
    form: Any = None
    if call.json is not UNSET:
        # simplejson writes a Decimal as the exact number it is; the standard library only as float or text.
        content = simplejson.dumps(
            call.json, use_decimal=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
        ).encode()
        headers["Content-Type"] = "application/json"
    elif call.content is not None:
        content = call.content
        if call.content_type is not None:
            headers["Content-Type"] = call.content_type
    elif call.multipart is not None:
        files = [(name, _part(value)) for name, value in call.multipart]
        headers["Content-Type"] = f"multipart/form-data; boundary={_boundary(files)}"
    elif call.form is not None:
        form = {}
        for name, value in call.form.items() if isinstance(call.form, Mapping) else call.form:
            form.setdefault(name, []).append(value)
    if call.headers:
        headers.update(call.headers)
    pairs = call.query_pairs()
    return Request(
        call.method,
        url.copy_merge_params(tuple(pairs)) if pairs else url,
        headers=headers,
        content=content,
        files=files,
        data=form,
        extensions=extensions,
    )


def prepared(request: Request) -> PreparedRequest:
    """A request's final bytes and address, for the provider to sign."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return PreparedRequest(request.method, str(request.url), headers, request.read())


def _part(value: str | Upload) -> tuple[Any, ...]:
    if isinstance(value, str):
        return (None, value)  # no file name: a plain field
    content = value.content.read_bytes() if isinstance(value.content, Path) else value.content
    return (value.filename, content, value.content_type)


def _boundary(files: Iterable[tuple[str, tuple[Any, ...]]]) -> str:
    """A boundary that follows from the content, so that the same call is the same bytes (cassettes compare them)."""
    digest = hashlib.sha256()
    for name, part in files:
        for piece in (name, *part):
            digest.update(piece if isinstance(piece, bytes) else str(piece).encode())
            digest.update(b"\0")
    return "crowdhub-" + digest.hexdigest()[:32]
