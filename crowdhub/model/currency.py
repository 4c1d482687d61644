"""ISO 4217: which currency codes there are, and how many decimals each has."""

from __future__ import annotations

from functools import lru_cache

_COMMON = frozenset({"USD", "EUR", "RUB", "CNY"})  # spares the tables for what our marketplaces use

# The decimals of those that do not have two (list one of ISO 4217; pycountry does not carry them).
_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENTS = {code: decimals for decimals, codes in _DECIMALS.items() for code in codes.split()}
# Metals, units of account and the codes for tests and for none: the standard gives them no minor unit.
_WITHOUT = {"XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"}


@lru_cache(maxsize=256)
def is_known(code: str) -> bool:
    """Whether ``code``, in capitals, is a currency of ISO 4217."""
    if code in _COMMON:
        return True
    if len(code) != 3:
        return False
    import pycountry  # loads its tables on first use

    return pycountry.currencies.get(alpha_3=code) is not None  # pyright: ignore[reportUnknownMemberType]


def exponent(code: str) -> int | None:
    """How many decimals the minor unit of a known currency stands for; None where it has none."""
    return None if code in _WITHOUT else _EXPONENTS.get(code, 2)
