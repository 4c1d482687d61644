"""What ``crowdhub record NAME [--live]`` does, without its command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crowdhub.errors import ConfigurationError, CrowdhubError
from crowdhub.hub import Hub, config
from crowdhub.protocol import Call
from crowdhub.testing.recording.errors import RecordingError
from crowdhub.testing.recording.run import record_in_sandbox, record_live
from crowdhub.testing.recording.script import Given, Recording, Script, load_script

Confirm = Callable[[str], bool]

PERSONAL = (
    "Keys are taken out of the files; what workers wrote, their names and pictures' addresses are not: "
    "read the files before you give them to anybody."
)


@dataclass(slots=True)
class RecordReport:
    """What came of it: the files written, and the recordings left out or failed, each with the reason."""

    written: list[Path] = field(default_factory=list[Path])
    skipped: dict[str, str] = field(default_factory=dict[str, str])
    failed: dict[str, str] = field(default_factory=dict[str, str])
    notice: str | None = None


def cli_record(
    name: str,
    *,
    live: bool = False,
    account: str | Mapping[str, object] | None = None,
    folder: str | Path | None = None,
    only: Sequence[str] = (),
    given: Given | None = None,
    confirm: Confirm | None = None,
    progress: Callable[[str], None] | None = None,
    options: Mapping[str, Any] | None = None,
) -> RecordReport:
    """Record every endpoint of the provider ``name`` anew.

    By default against its sandbox. ``live=True`` against the real service, with the user's own key: ``account`` is
    the account's name in the settings (by default the provider's) or the settings themselves. ``confirm`` is asked
    once before the first request, and before every call that changes something or spends; what it does not allow is
    not sent, and that recording is left out. ``given`` names what recordings work on there (``task_id`` …); those
    that need what is not given are left out.

    ``folder``: where the files go; by default ``cassettes/NAME/recorded``, live ``cassettes/NAME/live``. ``only``:
    these recordings. ``progress`` is told the name of each as it begins. ``options`` are further settings of the
    `Hub` (its ledger and budget hold for a live recording as for anything else), over those of the settings file.

    Raises `ConfigurationError` for a wrong account and `RecordingError` where there is nothing to record or the
    user says no. A recording that fails is in the report and stops no other.
    """
    script = load_script(name)
    chosen = [script.recording(each) for each in only] if only else list(script.recordings)
    target = Path(folder) if folder is not None else Path("cassettes") / name / ("live" if live else "recorded")
    report = RecordReport()
    if not live:
        for each in chosen:
            _one(report, each, progress, lambda each: record_in_sandbox(script, each.name, target))
        return report
    if confirm is None:
        raise RecordingError("Recording against the live service needs somebody to ask.")
    account_name, settings, found = _account(name, account)
    with Hub({account_name: {**settings, **script.settings}}, **{**found, **(options or {})}) as hub:
        market = hub[account_name]
        if market.environment != "live":
            raise ConfigurationError(f"The account {account_name!r} is a sandbox; record without --live.")
        if not confirm(f"Record against the live {name} with the account {account_name!r}?"):
            raise RecordingError("Not confirmed; nothing was sent.", next_step="Nothing.")
        _live(report, script, chosen, target, hub, account_name, given or {}, confirm, progress)
    report.notice = PERSONAL
    return report


def _live(
    report: RecordReport,
    script: Script,
    chosen: Sequence[Recording],
    target: Path,
    hub: Hub,
    account: str,
    given: Given,
    confirm: Confirm,
    progress: Callable[[str], None] | None,
) -> None:
    def ask(call: Call) -> bool:
        what = "can SPEND MONEY" if call.takes_money else "changes something and can pay a worker"
        return confirm(f"{call.label} {what}. Send it?")

    for each in chosen:
        missing = [f"{name} ({what})" for name, what in each.needs.items() if name not in given]
        if each.not_live or each.account:
            report.skipped[each.name] = each.not_live or "it needs an account with other settings"
        elif missing:
            report.skipped[each.name] = f"it needs {', '.join(missing)}"
        else:
            market = hub[account]
            needed = {name: given[name] for name in each.needs}
            _one(report, each, progress, lambda each: record_live(script, each.name, target, market, needed, ask))  # noqa: B023 - called at once


def _one(
    report: RecordReport,
    each: Recording,
    progress: Callable[[str], None] | None,
    record: Callable[[Recording], Path],
) -> None:
    if progress is not None:
        progress(each.name)
    try:
        report.written.append(record(each))
    except CrowdhubError as error:
        report.failed[each.name] = str(error)


def _account(name: str, account: str | Mapping[str, object] | None) -> tuple[str, dict[str, object], dict[str, Any]]:
    """The account's name, its settings, and the hub's."""
    if isinstance(account, Mapping):
        return name, {"provider": name, **account}, {}
    wanted = account or name
    loaded = config.load()
    settings = loaded.accounts.get(wanted)
    if settings is None:
        raise ConfigurationError(
            f"There is no account {wanted!r} in the settings.",
            next_step='Add it to "crowdhub.toml", with your own key.',
        )
    if settings.get("provider", wanted) != name:  # what stands there may be a key
        raise ConfigurationError(f"The account {wanted!r} is none of {name}.")
    return wanted, {**dict(settings.items()), "provider": name}, {**loaded.hub, "path": loaded.path}
