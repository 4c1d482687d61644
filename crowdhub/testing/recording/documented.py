"""Recordings made from a marketplace's own documentation: ``python -m crowdhub.testing.recording.documented FILE…``.

FILE is ``cassettes/NAME/documented.yaml``, a list of what is documented; beside it, in ``documented/``, a recording
is written for each. The list holds, for each exchange::

    campaign-detail:                       # the recording's name
      request: GET /api/campaigns/detail/123e4567-e89b-12d3-a456-426614174000/
      status: 200
      answer: |-
        {"jobId": …}
      before: [campaigns]                  # exchanges that come first in the same recording; `after`: that follow
      json: |- …                           # the request's body: `json` text, or `form` or `multipart` fields
      base: account_url                    # the setting that holds the address, where it is not base_url
      endpoint: campaign-detail            # where it is not the recording's name
      headers: {X-Amz-Target: Get}         # of this exchange; those of all stand outside
      filled_in: the campaign's id         # what the documentation leaves open, in words

and, for all of them, ``provider``, ``source`` and ``headers``. Documented credentials are taken out as everywhere.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import NotRequired, TypedDict, cast

import yaml

from crowdhub.engine import http
from crowdhub.protocol import UNSET, AnyProvider, Call, Effect
from crowdhub.registry import load
from crowdhub.testing.recording import files, jsontext
from crowdhub.testing.recording.errors import RecordingError
from crowdhub.testing.recording.files import About, Cassette, Exchange
from crowdhub.testing.recording.hosts import Hosts
from crowdhub.testing.recording.scrub import Scrubber


class _Exchange(TypedDict):
    request: str
    status: int
    answer: str
    before: NotRequired[Sequence[str]]
    after: NotRequired[Sequence[str]]
    json: NotRequired[str]
    form: NotRequired[Mapping[str, str]]
    multipart: NotRequired[Mapping[str, str]]
    headers: NotRequired[Mapping[str, str]]
    content_type: NotRequired[str]
    base: NotRequired[str]
    endpoint: NotRequired[str]
    source: NotRequired[str]
    filled_in: NotRequired[str]


class _Documented(TypedDict):
    provider: str
    source: str
    headers: NotRequired[Mapping[str, str]]
    exchanges: Mapping[str, _Exchange]


def make(source: Path, folder: Path | None = None) -> list[Path]:
    """Write the recordings of a list into ``folder`` (by default ``documented`` beside it); returns their paths."""
    listed = cast("_Documented", yaml.safe_load(source.read_text(encoding="utf-8")))
    target = folder or source.parent / "documented"
    kind = load(listed["provider"])
    exchanges = listed["exchanges"]
    written: list[Path] = []
    for name, given in exchanges.items():
        chain = [*(exchanges[each] for each in given.get("before", ())), given]
        chain += [exchanges[each] for each in given.get("after", ())]
        about: About = {
            "recorded_against": "nothing: made from the documentation",
            "provider": kind.name,
            "endpoint": given.get("endpoint", name),
            "source": given.get("source", listed["source"]),
        }
        if "filled_in" in given:
            about["filled_in"] = given["filled_in"]
        cassette = Cassette(about, [_exchange(kind, listed.get("headers", {}), each) for each in chain])
        path = target / f"{name}.yaml"
        files.write(path, cassette, ())
        written.append(path)
    return written


def _exchange(kind: type[AnyProvider], headers: Mapping[str, str], given: _Exchange) -> Exchange:
    scrubber = Scrubber(kind.credential_places, Hosts({}), kind.recorded_headers)
    method, _, path = given["request"].partition(" ")
    base = str(kind.settings_type.model_fields[given.get("base", "base_url")].default)
    request = http.build_request(
        Call(
            method=method,
            path=path,
            effect=Effect.READ,
            headers={**headers, **given.get("headers", {})},
            json=jsontext.loads(given["json"]) if "json" in given else UNSET,
            form=given.get("form"),
            multipart=list(given["multipart"].items()) if "multipart" in given else None,
        ),
        http.URL(base.rstrip("/") + path if path.startswith("/") else base + path),
        "",
    )
    # The body's JSON stays the text that is documented, down to the spelling of its numbers.
    body = given["json"].encode() if "json" in given else request.read()
    uri, kept, scrubbed = scrubber.request(str(request.url), request.headers.items(), body)
    answer_headers, answer = scrubber.answer(
        {"content-type": [given.get("content_type", "application/json")]}, given["answer"].encode()
    )
    status = HTTPStatus(given["status"])
    return Exchange(method, uri, kept, scrubbed, status.value, status.phrase, answer_headers, answer)


def main(arguments: Sequence[str]) -> int:
    if not arguments:
        raise RecordingError("Name at least one list (cassettes/NAME/documented.yaml).")
    for each in arguments:
        made = make(Path(each))
        sys.stdout.write(f"{each}: {len(made)} recordings\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
