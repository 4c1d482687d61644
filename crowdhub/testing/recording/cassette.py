"""Recording and replaying with vcrpy: the only module that imports it."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Literal, Protocol, TypedDict, cast

from crowdhub.protocol import AnyProvider
from crowdhub.testing.recording import files
from crowdhub.testing.recording.errors import NotRecorded
from crowdhub.testing.recording.files import About, Cassette, Exchange
from crowdhub.testing.recording.hosts import Hosts, real_hosts_of
from crowdhub.testing.recording.match import Matcher, RequestOnTape, matchers
from crowdhub.testing.recording.script import load_script, script_names
from crowdhub.testing.recording.scrub import Scrubber

try:
    import vcr.errors as vcr_errors  # type: ignore[import-untyped]
    import vcr.patch as vcr_patch  # type: ignore[import-untyped]
    import vcr.request as vcr_request  # type: ignore[import-untyped]
    from vcr import VCR as vcr_recorder  # type: ignore[import-untyped, unused-ignore]  # noqa: N811
except ModuleNotFoundError as missing:
    raise ImportError(
        f'Recording needs the package {missing.name!r}: pip install "crowdhub[record]"', name=missing.name
    ) from missing

Mode = Literal["none", "once", "all"]


# --- what is used of vcrpy, which has no types --------------------------------------------------------------


class _Status(TypedDict):
    code: int
    message: str | None


class _Body(TypedDict):
    string: bytes


class _Response(TypedDict):
    status: _Status
    headers: dict[str, list[str]]
    body: _Body


class _Interactions(TypedDict):
    requests: Sequence[RequestOnTape]
    responses: Sequence[_Response]


class _Playing(Protocol):
    """vcrpy's cassette."""

    play_count: int
    play_counts: Mapping[int, int]
    requests: Sequence[RequestOnTape]


class _Recorder(Protocol):
    def register_matcher(self, name: str, matcher: Matcher) -> None: ...
    def register_persister(self, persister: object) -> None: ...
    def use_cassette(self, path: str) -> AbstractContextManager[_Playing]: ...


class _MakeRecorder(Protocol):
    def __call__(self, **options: object) -> _Recorder: ...


class _MakeRequest(Protocol):
    def __call__(self, method: str, uri: str, body: bytes | None, headers: dict[str, str]) -> RequestOnTape: ...


class _NotHeld(Protocol):
    """The error for a request that a cassette does not hold."""

    failed_request: RequestOnTape | None
    cassette: object


new_recorder = cast("_MakeRecorder", vcr_recorder)
new_request = cast("_MakeRequest", vcr_request.Request)
NOT_HELD = cast("type[Exception]", vcr_errors.CannotOverwriteExistingCassetteException)
SKIPPED = tuple(name for name in cast("Sequence[str]", vcr_patch.PATCHER_NAMES) if name != "httpx")


# --- recording ----------------------------------------------------------------------------------------------


class Recorder:
    """What goes on in a `recording` block: ``about`` is kept in the file, ``cassette`` is what was there before."""

    def __init__(self, cassette: Cassette) -> None:
        self.about: About = dict(cassette.about)
        self.cassette = cassette
        self._playing: _Playing | None = None

    def attach(self, playing: _Playing) -> None:
        self._playing = playing

    @property
    def played(self) -> int:
        """How many recorded answers were given so far."""
        return 0 if self._playing is None else self._playing.play_count

    @property
    def left(self) -> list[str]:
        """The recorded requests that were not made."""
        if self._playing is None:
            return []
        return [
            f"{request.method} {request.uri}"
            for number, request in enumerate(self._playing.requests)
            if not self._playing.play_counts[number]
        ]


@contextmanager
def recording(
    provider: AnyProvider | str,
    path: str | Path,
    mode: Mode = "none",
    *,
    real_hosts: Mapping[str, str] | None = None,
    operation_header: str | None = None,
) -> Generator[Recorder]:
    """Record what crowdhub sends in this block, or replay what was recorded::

        with recording(market.provider, "balance.yaml"):
            market.balance()

    ``mode``: ``none`` replays only, ``once`` records where there is no file yet, ``all`` records anew.
    ``provider``: the provider of the account (``market.provider``), by which credentials and addresses are
    known; to replay, its name is enough. ``real_hosts`` maps addresses used to addresses kept; without it, each
    address of the account is kept as the one that its setting has by default. ``operation_header``: the header that
    names the operation, for a marketplace where all share one path; without it, as the file says, else as the
    provider's own recordings do.

    Nothing is written when the block fails. One block at a time in a process: vcrpy replaces the HTTP library's
    transports for all threads.

    Raises `NotRecorded` for a request that the file does not hold, `SecretInRecording` where a secret of the
    account would be written, `RecordingError` for a file that is missing or unreadable.
    """
    file = Path(path)
    kind, known = _of(provider)
    hosts = Hosts(real_hosts if real_hosts is not None else {} if known is None else real_hosts_of(known))
    scrubber = Scrubber(kind.credential_places, hosts, kind.recorded_headers)
    existing = file.is_file()
    if mode == "none" and not existing:
        files.read(file)  # says that there is none
    cassette = files.read(file) if existing and mode != "all" else Cassette()
    header = operation_header or cassette.about.get("operation_header") or _operation_header(kind.name)
    compared = matchers(header)
    keeper = _Keeper(cassette, scrubber)
    recorder = Recorder(cassette)
    _quieten()
    vcr = new_recorder(
        record_mode="none" if mode == "none" or (mode == "once" and existing) else "all",
        match_on=[matcher.__name__ for matcher in compared],
        before_record_request=keeper.request,
        before_record_response=keeper.response,
        decode_compressed_response=True,
        record_on_exception=False,
        skip_patchers=SKIPPED,
    )
    for matcher in compared:
        vcr.register_matcher(matcher.__name__, matcher)
    vcr.register_persister(keeper)
    playing: _Playing | None = None
    try:
        with vcr.use_cassette(str(file)) as playing:
            recorder.attach(playing)
            yield recorder
    except NOT_HELD as error:
        # Its own words and frames hold the request as it was sent, credentials included.
        refusal = cast("_NotHeld", error)
        words = f"{file.name} does not hold it. Nothing was sent."
        if playing is not None and refusal.failed_request is not None:
            words = _unknown(file, keeper.request(refusal.failed_request), playing, compared)
        refusal.failed_request = refusal.cassette = None
        error.args, error.__traceback__ = (), None
        raise NotRecorded(words) from None
    if keeper.recorded is not None:
        secrets: list[str] = known.settings.secrets() if known is not None else []
        if header is not None:
            recorder.about["operation_header"] = header
        about = cast("About", hosts.within(recorder.about))
        files.write(file, Cassette(about, keeper.recorded), {*secrets, *scrubber.seen})


class _Keeper:
    """Between vcrpy and our files: scrubs each exchange, and keeps what is to be written until the block is over
    (an error while vcrpy saves would leave the HTTP library patched)."""

    def __init__(self, cassette: Cassette, scrubber: Scrubber) -> None:
        self._cassette = cassette
        self._scrubber = scrubber
        self.recorded: list[Exchange] | None = None

    def request(self, request: RequestOnTape) -> RequestOnTape:
        uri, headers, body = self._scrubber.request(request.uri, request.headers.items(), request.body)
        return new_request(request.method, uri, body, headers)

    def response(self, response: _Response) -> _Response:
        headers, body = self._scrubber.answer(response["headers"], response["body"]["string"])
        return {"status": response["status"], "headers": headers, "body": {"string": body}}

    def load_cassette(self, cassette_path: object, serializer: object) -> tuple[list[RequestOnTape], list[_Response]]:
        del cassette_path, serializer
        exchanges = self._cassette.exchanges
        requests = [new_request(each.method, each.uri, each.body, each.headers) for each in exchanges]
        responses: list[_Response] = [
            {
                "status": {"code": each.status, "message": each.reason},
                "headers": each.answer_headers,
                "body": {"string": each.answer},
            }
            for each in exchanges
        ]
        return requests, responses

    def save_cassette(self, cassette_path: object, cassette_dict: _Interactions, serializer: object) -> None:
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


def _of(provider: AnyProvider | str) -> tuple[type[AnyProvider], AnyProvider | None]:
    if isinstance(provider, str):
        from crowdhub.registry import load

        return load(provider), None
    return type(provider), provider


def _operation_header(name: str) -> str | None:
    return load_script(name).operation_header if name in script_names() else None


def _quieten() -> None:
    """vcrpy's loggers print whole addresses, eTXT's token included."""
    logging.getLogger("vcr").setLevel(logging.WARNING)
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("vcr."):
            logging.getLogger(name).setLevel(logging.WARNING)


def _unknown(file: Path, request: RequestOnTape, playing: _Playing, compared: Sequence[Matcher]) -> str:
    said = [f"{file.name} does not hold the request {request.method} {request.uri}"]
    made = [
        number
        for number, each in enumerate(playing.requests)
        if all(matcher(request, each) for matcher in compared) and playing.play_counts[number]
    ]
    if made:
        said.append("more than the recorded number of times")
    else:
        near = max(playing.requests, key=lambda each: sum(matcher(request, each) for matcher in compared), default=None)
        if near is not None:
            differ = [matcher.__name__.removeprefix("same_") for matcher in compared if not matcher(request, near)]
            said.append(f"(the nearest, {near.method} {near.uri}, differs in {', '.join(differ)})")
    return " ".join(said) + ". Nothing was sent."
