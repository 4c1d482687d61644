"""What the environment says of the network: proxies, and whose certificates are believed."""

from __future__ import annotations

import errno
import os
import ssl
import stat
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote
from urllib.request import getproxies, proxy_bypass

from crowdhub.engine import http
from crowdhub.errors import ConfigurationError
from crowdhub.protocol import is_loopback
from crowdhub.protocol.settings import is_port


def proxy_for(url: str) -> http.Proxy | None:
    """The proxy that the environment names for ``url`` (``HTTPS_PROXY``, ``NO_PROXY`` …). None for this machine: keys
    go there in clear, and a proxy would ask its own. Raises `ConfigurationError` for one that cannot be used."""
    target = http.URL(url)
    found = getproxies()
    name = target.scheme if found.get(target.scheme) else "all"
    address = found.get(name)
    if not address or is_loopback(url) or proxy_bypass(target.netloc.decode("ascii")):
        return None
    try:
        proxy = http.URL(address)
        if proxy.scheme in ("http", "https") and proxy.host and (proxy.port is None or is_port(proxy.port)):
            return http.Proxy(proxy, ssl_context=ssl_context() if proxy.scheme == "https" else None)
    except (http.InvalidURL, ValueError):
        pass
    raise ConfigurationError(  # without the address, which can hold a password
        f"The proxy that {name.upper()}_PROXY names for {target.host} cannot be used: its address must begin with "
        "http:// or https://, and a port is from 1 to 65535.",
        next_step=f"Correct {name.upper()}_PROXY, or list the host in NO_PROXY; nothing was sent.",
    )


def proxy_secrets() -> list[str]:
    """What the environment's proxies are asked with: a proxy can repeat it. A name without a password is one itself."""
    found: list[str] = []
    for address in getproxies().values():
        user_info, sign, _ = address.rpartition("@")
        if sign:
            user, _, password = user_info.rpartition("://")[2].partition(":")
            found += (password or user, unquote(password or user))
    return found


def ssl_context() -> ssl.SSLContext:
    """Believes ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` where one is set, else the certificates that come with the HTTP
    library. Raises `ConfigurationError` where they cannot be read."""
    return _context(os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))


@lru_cache(maxsize=4)
def _context(file: str, folder: str) -> ssl.SSLContext:
    """One for all connections: reading the certificates takes longer than everything else about a market."""
    name, named = ("SSL_CERT_FILE", file) if file else ("SSL_CERT_DIR", folder)
    try:
        if file and not stat.S_ISREG(Path(file).stat().st_mode):  # a pipe would be waited for
            raise OSError(errno.EINVAL, "it is no file")
        for each in filter(None, [] if file else folder.split(os.pathsep)):  # the TLS library does not look
            os.scandir(each).close()
        return http.create_ssl_context()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ConfigurationError(
            f"The certificates that {name} = {named!r} names cannot be read ({why}).",
            next_step=f"Correct {name}, or remove it; nothing was sent.",
        ) from None
