"""Recording and replaying with vcrpy: the only module that imports it."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, cast

from crowdhub.protocol import Provider
from crowdhub.testing.recording import files
from crowdhub.testing.recording.errors import NotRecorded, RecordingError
from crowdhub.testing.recording.files import Exchange, Tape
from crowdhub.testing.recording.hosts import Hosts, real_hosts_of
from crowdhub.testing.recording.match import MATCHERS
from crowdhub.testing.recording.scrub import Scrubber

try:
    from vcr import VCR as _VCR  # type: ignore[import-untyped]
    from vcr.errors import CannotOverwriteExistingCassetteException as _NotHeld  # type: ignore[import-untyped]
    from vcr.patch import PATCHER_NAMES  # type: ignore[import-untyped]
    from vcr.request import Request as _Request  # type: ignore[import-untyped]
except ModuleNotFoundError as missing:
    raise ImportError(
        f'Recording needs the package {missing.name!r}: pip install "crowdhub[record]"', name=missing.name
    ) from missing

VCR: Any = _VCR  # vcrpy has no types
Request: Any = _Request
NotHeld: Any = _NotHeld

Mode = Literal["none", "once", "all"]

SKIPPED = tuple(name for name in PATCHER_NAMES if name != "httpx")


class Recorder:
    """What goes on in a `recording` block: ``about`` is kept in the file, ``tape`` is what was there before."""

    def __init__(self, tape: Tape) -> None:
        self.about: dict[str, Any] = dict(tape.about)
        self.tape = tape
        self._cassette: Any = None

    def attach(self, cassette: Any) -> None:
        self._cassette = cassette

    @property
    def played(self) -> int:
        """How many recorded answers were given so far."""
        return int(self._cassette.play_count)

    @property
    def left(self) -> list[str]:
        """The recorded requests that were not made."""
        counts = self._cassette.play_counts
        return [
            f"{request.method} {request.uri}"
            for number, request in enumerate(self._cassette.requests)
            if not counts[number]
        ]


@contextmanager
def recording(
    provider: Provider[Any] | str,
    path: str | Path,
    mode: Mode = "none",
    *,
    real_hosts: Mapping[str, str] | None = None,
) -> Generator[Recorder]:
    """Record what crowdhub sends in this block, or replay what was recorded::

        with recording(market.provider, "balance.yaml"):
            market.balance()

    ``mode``: ``none`` replays only, ``once`` records where there is no file yet, ``all`` records anew.
    ``provider``: the provider of the account (``market.provider``), by which credentials and addresses are
    known; to replay, its name is enough. ``real_hosts`` maps addresses used to addresses kept; without it, each
    address of the account is kept as the one that its setting has by default.

    Nothing is written when the block fails. One block at a time in a process: vcrpy replaces the HTTP library's
    transports for all threads.

    Raises `NotRecorded` for a request that the file does not hold, `SecretInRecording` where a secret of the
    account would be written, `RecordingError` for a file that is missing or unreadable.
    """
    file = Path(path)
    kind, known = _of(provider)
    hosts = Hosts(real_hosts if real_hosts is not None else {} if known is None else real_hosts_of(known))
    scrubber = Scrubber(kind.credential_places, hosts)
    existing = file.is_file()
    if mode == "none" and not existing:
        files.read(file)  # says that there is none
    tape = files.read(file) if existing and mode != "all" else Tape()
    keeper = _Keeper(tape, scrubber)
    recorder = Recorder(tape)
    _quieten()
    vcr = VCR(
        record_mode="none" if mode == "none" or (mode == "once" and existing) else "all",
        match_on=[_register_name(matcher) for matcher in MATCHERS],
        before_record_request=keeper.request,
        before_record_response=keeper.response,
        decode_compressed_response=True,
        record_on_exception=False,
        skip_patchers=SKIPPED,
    )
    for matcher in MATCHERS:
        vcr.register_matcher(_register_name(matcher), matcher)
    vcr.register_persister(keeper)
    cassette: Any = None
    try:
        with vcr.use_cassette(str(file)) as cassette:
            recorder.attach(cassette)
            yield recorder
    except NotHeld as error:
        # Its own words and frames hold the request as it was sent, credentials included.
        words = _unknown(file, keeper.request(error.failed_request), cassette)
        error.args, error.failed_request, error.cassette, error.__traceback__ = (), None, None, None
        raise NotRecorded(words) from None
    if keeper.recorded is not None:
        secrets: list[str] = known.settings.secrets() if known is not None else []
        files.write(file, Tape(hosts.within(recorder.about), keeper.recorded), {*secrets, *scrubber.seen})


class _Keeper:
    """Between vcrpy and our files: scrubs each exchange, and keeps what is to be written until the block is over
    (an error while vcrpy saves would leave the HTTP library patched)."""

    def __init__(self, tape: Tape, scrubber: Scrubber) -> None:
        self._tape = tape
        self._scrubber = scrubber
        self.recorded: list[Exchange] | None = None

    def request(self, request: Any) -> Any:
        uri, headers, body = self._scrubber.request(request.uri, request.headers.items(), request.body)
        return Request(request.method, uri, body, headers)

    def response(self, response: dict[str, Any]) -> dict[str, Any]:
        headers, body = self._scrubber.answer(response["headers"], response["body"]["string"])
        return {"status": response["status"], "headers": headers, "body": {"string": body}}

    def load_cassette(self, cassette_path: Any, serializer: Any) -> tuple[list[Any], list[Any]]:
        del cassette_path, serializer
        tape = self._tape
        requests = [Request(each.method, each.uri, each.body, each.headers) for each in tape.exchanges]
        responses = [
            {
                "status": {"code": each.status, "message": each.reason},
                "headers": each.answer_headers,
                "body": {"string": each.answer},
            }
            for each in tape.exchanges
        ]
        return requests, responses

    def save_cassette(self, cassette_path: Any, cassette_dict: dict[str, Any], serializer: Any) -> None:
        del cassette_path, serializer
        self.recorded = [
            Exchange(
                method=request.method,
                uri=request.uri,
                headers=dict(request.headers),
                body=request.body,
                status=response["status"]["code"],
                reason=response["status"]["message"] or "",
                answer_headers=response["headers"],
                answer=response["body"]["string"],
            )
            for request, response in zip(cassette_dict["requests"], cassette_dict["responses"], strict=True)
        ]


def _of(provider: Provider[Any] | str) -> tuple[type[Provider[Any]], Provider[Any] | None]:
    if isinstance(provider, str):
        from crowdhub.registry import load

        return load(provider), None
    return type(provider), provider


def _register_name(matcher: Any) -> str:
    return cast("str", matcher.__name__)


def _quieten() -> None:
    """vcrpy's loggers print whole addresses, eTXT's token included."""
    logging.getLogger("vcr").setLevel(logging.WARNING)
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("vcr."):
            logging.getLogger(name).setLevel(logging.WARNING)


def _unknown(file: Path, request: Any, cassette: Any) -> str:
    said = [f"{file.name} does not hold the request {request.method} {request.uri}"]
    made = [
        number
        for number, each in enumerate(cassette.requests)
        if all(matcher(request, each) for matcher in MATCHERS) and cassette.play_counts[number]
    ]
    if made:
        said.append("more than the recorded number of times")
    else:
        near = max(cassette.requests, key=lambda each: _likeness(request, each), default=None)
        if near is not None:
            differ = [matcher.__name__.removeprefix("same_") for matcher in MATCHERS if not matcher(request, near)]
            said.append(f"(the nearest, {near.method} {near.uri}, differs in {', '.join(differ)})")
    return " ".join(said) + ". Nothing was sent."


def _likeness(request: Any, other: Any) -> int:
    return sum(matcher(request, other) for matcher in MATCHERS)


__all__ = ["Mode", "Recorder", "RecordingError", "recording"]
