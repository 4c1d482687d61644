"""Fetching the files that workers hand in: their links are other people's, so they are not trusted.

Without credentials, to a file of our naming inside the given folder, bounded in size and time, following a few
redirects each of which is checked like the first link, and never to a private address.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from crowdhub import http
from crowdhub.engine.transport import USER_AGENT
from crowdhub.errors import Fault, InvalidRequest, NotFound, ProviderError, ProviderUnavailable

MAX_BYTES = 50 * 1024 * 1024
MAX_SECONDS = 300.0
MAX_REDIRECTS = 3
CHUNK = 64 * 1024


def fetch(
    url: str,
    folder: Path,
    name: str,
    *,
    max_bytes: int = MAX_BYTES,
    allowed_hosts: Sequence[str] = (),
    timeout: float = 60.0,
    stopped: Callable[[], bool] = lambda: False,
) -> Path:
    """Fetch ``url`` into ``folder`` as ``name`` (made harmless, never overwriting). Returns the path.

    The file appears under its name only when it is complete. ``allowed_hosts`` may be private addresses.

    Raises `InvalidRequest` for a link that is refused or a file larger than ``max_bytes``, `NotFound` where
    the link no longer works, `ProviderUnavailable` where it cannot be reached.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ends = time.monotonic() + MAX_SECONDS
    handle, part = tempfile.mkstemp(dir=folder, prefix=".crowdhub-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file, http.Client(timeout=timeout, trust_env=False) as client:
            for _ in range(MAX_REDIRECTS + 1):
                target, headers, extensions = _checked(url, allowed_hosts)
                request = http.Request("GET", target, headers=headers, extensions=extensions)
                request.extensions.setdefault("timeout", client.timeout.as_dict())
                try:
                    answer = client.send(request, stream=True)
                    try:
                        if answer.is_redirect:
                            url = urljoin(url, answer.headers["location"])
                            continue
                        _check_status(answer, url)
                        size = 0
                        for chunk in answer.iter_bytes(CHUNK):
                            size += len(chunk)
                            if size > max_bytes:
                                raise _refused(url, f"is larger than {max_bytes:,} bytes")
                            if time.monotonic() > ends or stopped():
                                raise ProviderUnavailable(f"The file at {_shown(url)} did not come in time.")
                            file.write(chunk)
                    finally:
                        answer.close()
                except http.HTTPError as error:
                    raise ProviderUnavailable(
                        f"The file at {_shown(url)} could not be fetched ({type(error).__name__})."
                    ) from None
                break
            else:
                raise _refused(url, f"redirects more than {MAX_REDIRECTS} times")
        return _placed(Path(part), folder, harmless(name))
    finally:
        Path(part).unlink(missing_ok=True)


def harmless(name: str) -> str:
    """A file name that is only that: no path, no control or direction-changing characters, not hidden, not long."""
    last = re.split(r"[/\\]", unquote(name))[-1]
    clean = "".join(c if c.isalnum() or c in "-_. ()" else "_" for c in last).strip(" .")
    stem, dot, suffix = clean.rpartition(".")
    if dot and len(suffix) <= 10:
        return f"{stem[:100]}.{suffix}" if stem else f"file.{suffix}"
    return clean[:100] or "file"


def _placed(part: Path, folder: Path, name: str) -> Path:
    stem, suffix = Path(name).stem, Path(name).suffix
    for number in range(10_000):
        path = folder / (f"{stem}-{number}{suffix}" if number else name)
        try:
            path.hardlink_to(part)  # unlike a rename, never replaces what is there
        except FileExistsError:
            continue
        return path
    raise InvalidRequest(faults=[Fault("folder", f"{folder} holds ten thousand files called {name!r}")])


def _checked(url: str, allowed_hosts: Sequence[str]) -> tuple[http.URL, dict[str, str], dict[str, object]]:
    """The address to connect to, with its host already resolved, so that it cannot change after the check."""
    try:
        target = http.URL(url)
    except http.InvalidURL:
        raise _refused(url, "is no address") from None
    if target.scheme not in ("http", "https") or not target.host:
        raise _refused(url, "is no http(s) address")
    headers = {"User-Agent": USER_AGENT}
    if target.host in allowed_hosts:
        return target, headers, {}
    if target.scheme != "https":
        raise _refused(url, "is not https")
    try:
        found = socket.getaddrinfo(target.host, target.port or 443, type=socket.SOCK_STREAM)
    except OSError:
        raise ProviderUnavailable(f"The host of the file at {_shown(url)} is not known.", sent=False) from None
    addresses = {str(each[4][0]) for each in found}
    if any(not ipaddress.ip_address(address.partition("%")[0]).is_global for address in addresses):
        raise _refused(url, "leads to a private address")
    headers["Host"] = target.netloc.decode("ascii")
    pinned = target.copy_with(host=min(addresses))
    return pinned, headers, {"sni_hostname": target.host}


def _check_status(answer: http.Response, url: str) -> None:
    if answer.status_code in (401, 403, 404, 410):
        raise NotFound(
            f"The link {_shown(url)} does not work (any more).",
            http_status=answer.status_code,
            next_step="Links can expire: read the submission anew and download at once.",
        )
    if answer.status_code != 200:
        raise ProviderError(f"The link {_shown(url)} answered with an error.", http_status=answer.status_code)


def _refused(url: str, why: str) -> InvalidRequest:
    return InvalidRequest(faults=[Fault("file", f"{_shown(url)} {why}; it is not downloaded")])


def _shown(url: str) -> str:
    """The link without its query, which may be a credential of its own."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"[:200]
