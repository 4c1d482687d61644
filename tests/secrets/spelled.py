"""A secret as servers write it back: each character plain, or escaped in one of the ways, once or several times."""

from __future__ import annotations

import html
import re
import unicodedata
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from html.entities import html5
from urllib.parse import unquote

from hypothesis import strategies as st

NAMES = {char: f"&{name}" for name, char in html5.items() if name.endswith(";") and len(char) == 1 and char.isascii()}


def _json(char: str) -> str:
    units = char.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _octal(char: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in char.encode())


def _called(char: str) -> str:
    name = unicodedata.name(char, "")
    return f"\\N{{{name}}}" if name else char


def percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode())


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "JSON": _json,
    "JSON, capitals": lambda char: _json(char).upper().replace("U", "u"),
    "JSON twice": lambda char: "\\" + _json(char),
    "a backslash": lambda char: char if char.isalnum() else f"\\{char}",
    "two backslashes": lambda char: char if char.isalnum() else f"\\\\{char}",
    "HTML": lambda char: f"&#{ord(char)};",
    "HTML, hexadecimal": lambda char: f"&#x{ord(char):X};",
    "HTML, small and long": lambda char: f"&#x{ord(char):06x};",
    "HTML, by name": lambda char: NAMES.get(char, char),
    "HTML twice": lambda char: f"&amp;#{ord(char)};",
    "HTML in JSON": lambda char: f"\\u0026#{ord(char)};",
    "percent": percent,
    "percent, small": lambda char: percent(char).lower(),
    "percent twice": lambda char: percent(percent(char)).lower(),
    "percent, its sign alone twice": lambda char: percent(char).replace("%", "%25"),
    "percent three times": lambda char: percent(char).replace("%", "%2525"),
    "percent in JSON": lambda char: percent(char).replace("%", "\\u0025"),
    "a form": lambda char: "+" if char == " " else percent(char),
    "Python": lambda char: ascii(char)[1:-1],
    "Python, octal": _octal,
    "Python, long": lambda char: f"\\U{ord(char):08x}",
    "Python, by name": _called,
    "braces": lambda char: f"\\u{{{ord(char):x}}}",
    "percent, u": lambda char: f"%u{ord(char):04x}" if ord(char) < 0x10000 else percent(char),
}

# Left out is what means something else together with its neighbours, where those are escaped and it is not: what
# escapes are written with, and Latin-1 that is UTF-8 as well.
_TWICE_READ = "".join(map(chr, range(0x80, 0xC0)))
keys = st.text(
    st.characters(
        codec="utf-8", exclude_characters="\\%&" + _TWICE_READ, exclude_categories=("C", "Z"), max_codepoint=0x1FFFF
    ),
    min_size=4,
    max_size=30,
)
ascii_keys = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="\\%&"), min_size=4, max_size=30
)
secrets = ascii_keys | keys


@st.composite
def spelled(draw: st.DrawFn, secret: str) -> str:
    ways = st.sampled_from(list(SPELLINGS.values()))
    return "".join(draw(ways)(char) for char in secret)


@st.composite
def around(draw: st.DrawFn) -> str:
    """What no escape can continue into."""
    return draw(st.text(max_size=40)) + draw(st.sampled_from(['"', " ", "=", ":", "<", "\n", "'", "(", "/"]))


def means(text: str) -> str:
    """What a reader makes of it, by the standard library."""
    for _ in range(6):
        text = re.sub(
            r"\\+u(d[89ab]..)\\+u(d[c-f]..)",
            lambda m: chr(0x10000 + ((int(m[1], 16) & 0x3FF) << 10) + (int(m[2], 16) & 0x3FF)),
            text,
            flags=re.IGNORECASE,
        )
        text = re.sub(r"\\+(?:u|U0000|U000(?=1))([0-9a-fA-F]{4,5})", lambda m: chr(int(m[1], 16)), text)
        text = re.sub(r"\\+x([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)), text)
        text = unquote(html.unescape(text))
    return text.replace("\\", "")


def packed(secret: str, before: bytes, after: bytes, *, for_addresses: bool) -> str:
    encode = urlsafe_b64encode if for_addresses else b64encode
    return encode(before + secret.encode() + after).decode()
