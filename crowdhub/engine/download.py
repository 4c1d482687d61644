"""Fetching the files that workers hand in: their links are other people's, so they are not trusted.

Without credentials, to a file of our naming inside the given folder, bounded in size and time, following a few
redirects each of which is checked like the first link, and never to a private address.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from crowdhub.engine import http
from crowdhub.engine.environment import ssl_context
from crowdhub.engine.network import Transport
from crowdhub.engine.redact import shown
from crowdhub.engine.round_trip import RoundTrip
from crowdhub.engine.transport import USER_AGENT
from crowdhub.errors import CrowdhubError, InvalidRequest, Issue, NotFound, ProviderError, ProviderUnavailable

MAX_BYTES = 50 * 1024 * 1024
MAX_SECONDS = 300.0
MAX_REDIRECTS = 3
LONGEST_LINK = 200  # characters that an error shows
LONGEST_NAME = 150  # bytes; file systems take 255, and a number may be added

# Addresses that are "global" to the letter and reach the machine's own cloud or network all the same.
_INNER = tuple(map(ipaddress.ip_network, ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24")))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # the last 32 bits are an IPv4 address
_DEVICES = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9\u00b9\u00b2\u00b3]) *(\..*)?", re.IGNORECASE)  # on Windows


def fetch(
    url: str,
    folder: Path,
    name: str,
    *,
    max_bytes: int = MAX_BYTES,
    allowed_hosts: Collection[str] = (),
    timeout: float = 60.0,
    stopped: Callable[[], bool] = lambda: False,
) -> Path:
    """Fetch ``url`` into ``folder`` as ``name`` (made harmless, never overwriting). Returns the path.

    The file appears under its name only when it is complete. ``allowed_hosts`` may be private addresses.

    Raises `InvalidRequest` for a link that is refused, a file larger than ``max_bytes``, or one that cannot be saved,
    `NotFound` where the link no longer works, `ProviderUnavailable` where it cannot be reached.
    """
    try:
        return _fetched(url, folder, name, max_bytes, allowed_hosts, timeout, stopped)
    except CrowdhubError:
        raise
    except OSError as error:
        why = f"{str(folder)!r} ({error.strerror or type(error).__name__})"
        raise InvalidRequest(issues=[Issue("folder", f"the file cannot be saved in {why}")]) from None
    except Exception as error:  # noqa: BLE001 - whatever a library stumbles over in a link, or in what it leads to
        raise _refused(url, f"cannot be followed ({type(error).__name__})") from None


def _fetched(
    url: str,
    folder: Path,
    name: str,
    max_bytes: int,
    allowed_hosts: Collection[str],
    timeout: float,
    stopped: Callable[[], bool],
) -> Path:
    ends = time.monotonic() + MAX_SECONDS
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=folder, prefix=".crowdhub-", suffix=".part")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InvalidRequest(issues=[Issue("folder", f"nothing can be saved in {str(folder)!r} ({why})")]) from None
    try:
        with (
            os.fdopen(handle, "wb") as file,
            # Not a client: that would log the whole link, whose query can be a credential of its own.
            Transport(ssl_context()) as transport,
        ):
            for _ in range(MAX_REDIRECTS + 1):
                try:
                    answer = _asked(transport, _checked(url, allowed_hosts), ends, timeout)
                    try:
                        if answer.has_redirect_location:
                            url = _joined(url, answer.headers["location"])
                            continue
                        _check_answer(answer, url)
                        size = 0
                        for chunk in answer.iter_bytes():  # as they come, so that a drip is noticed
                            size += len(chunk)
                            if size > max_bytes:
                                raise _refused(url, f"is larger than {max_bytes:,} bytes")
                            if stopped():
                                raise ProviderUnavailable(f"The file at {_shown(url)} is not waited for any more.")
                            file.write(chunk)
                    finally:
                        answer.close()
                except http.TimeoutException:
                    raise ProviderUnavailable(f"The file at {_shown(url)} did not come in time.") from None
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


def _asked(transport: http.BaseTransport, requests: list[http.Request], ends: float, timeout: float) -> http.Response:
    """The answer to the first of some requests whose address lets itself be connected to."""
    failed: http.TransportError | None = None
    for request in requests:
        trip = RoundTrip(ends, secure=request.url.scheme == "https")
        request.extensions["timeout"] = trip.timeouts(http.Timeout(timeout))
        try:
            return transport.handle_request(request)
        except (http.ConnectError, http.ConnectTimeout) as error:
            failed = error
    assert failed is not None
    raise failed


def harmless(name: str) -> str:
    """A file name that is only that: no path, no control or direction-changing characters, not hidden, not long."""
    last = re.split(r"[/\\]", unquote(name))[-1]
    clean = "".join(c if c.isalnum() or c in "-_. ()" else "_" for c in last).strip(" .").lstrip("-. ")
    stem, dot, suffix = clean.rpartition(".")
    if dot and stem and len(suffix.encode()) <= 10:
        clean = f"{_cut(stem)}.{suffix}"
    else:
        clean = _cut(clean).rstrip(" .") or "file"
    return f"_{clean}" if _DEVICES.fullmatch(clean) else clean


def _cut(text: str) -> str:
    """The beginning of a text, no longer than a file system takes."""
    return text.encode()[:LONGEST_NAME].decode(errors="ignore")


def _placed(part: Path, folder: Path, name: str) -> Path:
    stem, suffix = Path(name).stem, Path(name).suffix
    for number in range(10_000):
        path = folder / (f"{stem}-{number}{suffix}" if number else name)
        try:
            path.hardlink_to(part)  # unlike a rename, never replaces what is there, nor follows a link there
        except FileExistsError:
            continue
        except OSError:  # a file system without hard links
            try:
                with path.open("xb") as file, part.open("rb") as whole:
                    shutil.copyfileobj(whole, file)
            except FileExistsError:
                continue
            path.chmod(0o600)
        return path
    raise InvalidRequest(issues=[Issue("folder", f"{folder} holds ten thousand files called {name!r}")])


def _checked(url: str, allowed_hosts: Collection[str]) -> list[http.Request]:
    """The request for each address of its host, resolved already, so that it cannot change after the check; in the
    order in which the system would try them."""
    try:
        target = http.URL(url)
    except http.InvalidURL:
        raise _refused(url, "is not an address") from None
    if target.scheme not in ("http", "https") or not target.host or target.port == 0 or (target.port or 1) > 65535:
        raise _refused(url, "is not an http(s) address")
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    if target.host in allowed_hosts:
        return [http.Request("GET", target, headers=headers)]
    if target.scheme != "https":
        raise _refused(url, "is not https")
    host = target.raw_host.decode("ascii")
    try:
        found = socket.getaddrinfo(host, target.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # Python refuses some names before it asks for them
        raise ProviderUnavailable(f"The host of the file at {_shown(url)} is not known.", sent=False) from None
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not all(map(is_public, addresses)):
        raise _refused(url, "leads to a private address")
    headers["Host"] = target.netloc.decode("ascii")
    return [
        http.Request("GET", target.copy_with(host=address), headers=headers, extensions={"sni_hostname": host})
        for address in addresses
    ]


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet, also where it is wrapped into an IPv6 one."""
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour or (ipaddress.IPv4Address(int(ip) % 2**32) if ip in _NAT64 else None)
        if wrapped is None and (ip.is_site_local or ip.is_reserved):
            return False
        ip = wrapped or ip
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _INNER)


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise _refused(url, "redirects to what is not an address") from None


def _check_answer(answer: http.Response, url: str) -> None:
    if answer.status_code in (401, 403, 404, 410):
        raise NotFound(
            f"The link {_shown(url)} does not work (any more).",
            http_status=answer.status_code,
            next_step="Links can expire: read the submission anew and download at once.",
        )
    if answer.status_code != 200:
        raise ProviderError(f"The link {_shown(url)} answered with an error.", http_status=answer.status_code)
    # Packed was not asked for; packed twice, or by what packs better, a few bytes become gigabytes in one step.
    if answer.headers.get("content-encoding", "identity").strip().lower() not in ("identity", "gzip", "deflate"):
        raise _refused(url, "is packed in a way that was not asked for")


def _refused(url: str, why: str) -> InvalidRequest:
    return InvalidRequest(issues=[Issue("file", f"{_shown(url)} {why}; it is not downloaded")])


def _shown(url: str) -> str:
    """The link without its query, which may be a credential of its own. No part is cut off: a cut can go through a
    key, of which the rest would not be known any more."""
    try:
        parts = urlsplit(url)
        forms = [f"{parts.scheme}://{parts.hostname or ''}{path}" for path in (parts.path, "/…")]
    except ValueError:
        forms = [repr(url)]
    return next((shown(each) for each in forms if len(each) <= LONGEST_LINK), f"(a link of {len(url):,} characters)")
