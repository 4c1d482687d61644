"""Names as they are on the wire: ``hit_type_id`` is ``HITTypeId`` there."""

from __future__ import annotations

from functools import cache

AS_THEY_ARE = {"hit": "HIT", "hits": "HITs", "url": "URL"}


@cache
def wire_name(name: str) -> str:
    return "".join(AS_THEY_ARE.get(part) or part.capitalize() for part in name.split("_"))
