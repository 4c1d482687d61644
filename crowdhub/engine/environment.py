"""What the environment says of the network: proxies, and whose certificates are believed."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from pathlib import Path
from urllib.request import getproxies, proxy_bypass

from crowdhub.engine import http
from crowdhub.errors import ConfigurationError
from crowdhub.protocol import is_loopback


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
        scheme = http.URL(address).scheme
        if scheme in ("http", "https"):
            return http.Proxy(address, ssl_context=ssl_context() if scheme == "https" else None)
    except (http.InvalidURL, ValueError):
        pass
    raise ConfigurationError(  # without the address, which can hold a password
        f"The proxy that {name.upper()}_PROXY names for {target.host} cannot be used: its address must begin with "
        "http:// or https://.",
        next_step=f"Correct {name.upper()}_PROXY, or list the host in NO_PROXY; nothing was sent.",
    )


def ssl_context() -> ssl.SSLContext:
    """Believes ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` where one is set, else the certificates that come with the HTTP
    library. Raises `ConfigurationError` where they cannot be read."""
    return _context(os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))


@lru_cache(maxsize=4)
def _context(file: str, folder: str) -> ssl.SSLContext:
    """One for all connections: reading the certificates takes longer than everything else about a market."""
    name, named = ("SSL_CERT_FILE", file) if file else ("SSL_CERT_DIR", folder)
    try:
        if not file and folder and not Path(folder).is_dir():
            raise NotADirectoryError
        return http.create_ssl_context()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ConfigurationError(
            f"The certificates that {name} = {named!r} names cannot be read ({why}).",
            next_step=f"Correct {name}, or remove it; nothing was sent.",
        ) from None
