"""Settings: where they come from, and what is wrong with them, with the line and the right spelling.

A file ``crowdhub.toml``::

    [hub]
    max_wait = 60

    [accounts.rapidworkers]
    api_key_env = "RAPIDWORKERS_KEY"

    [accounts.rw-eu]
    provider = "rapidworkers"
    api_key = "…"

and variables: ``CROWDHUB_RAPIDWORKERS_API_KEY`` sets ``api_key`` of the account ``rapidworkers``.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from pydantic import ValidationError

from crowdhub import folders
from crowdhub.engine.redact import SHORTEST
from crowdhub.errors import ConfigurationError, Issue
from crowdhub.frames import FramesLeftOut, also_half_made
from crowdhub.hub import trust
from crowdhub.model.input import issues_of
from crowdhub.protocol import AnyProvider, ProviderSettings, is_loopback
from crowdhub.protocol.settings import is_port

FILE = "crowdhub.toml"
OF_KUBERNETES = re.compile(r"service_host|service_port(_\w+)?|port(_\d+_(tcp|udp|sctp)\w*)?")
"""What a cluster sets for a service whose name begins as our variables do."""
SECTIONS = ("hub", "accounts")
HUB_SETTINGS = ("ledger", "budget", "on_unsupported", "max_wait", "timeout")


class Hidden:
    """An account's settings as they were given, keys in plain text among them: shows their names only.

    No mapping: what prints or sends the locals of a traceback looks into those.
    """

    __slots__ = ("_given",)

    def __init__(self, given: Mapping[str, object] | Hidden) -> None:
        self._given = dict(given.items())

    def get(self, name: str, default: object = None) -> object:
        return self._given.get(name, default)

    def items(self) -> Iterable[tuple[str, object]]:
        return self._given.items()

    @also_half_made
    def __repr__(self) -> str:
        return f"<settings {', '.join(self._given)}>"


@dataclass(frozen=True)
class Config:
    """What was read: the accounts, the hub's own settings, and the file (None: variables only)."""

    accounts: Mapping[str, Hidden] = field(default_factory=dict[str, Hidden])
    hub: dict[str, object] = field(default_factory=dict[str, object])
    path: Path | None = None


def load(path: str | Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Read the file and the variables. Raises `ConfigurationError` with the file, the line and the setting."""
    with FramesLeftOut():  # they hold the file's text and the keys in it
        return _load(path, os.environ if environ is None else environ)


def hidden(accounts: object) -> dict[str, Hidden] | None:
    """The accounts that a hub is given; None for what is no settings by account name."""
    if not isinstance(accounts, Mapping):
        return None
    given = cast("Mapping[object, object]", accounts)
    found = {
        name: Hidden(cast("Mapping[str, object] | Hidden", settings))
        for name, settings in given.items()
        if isinstance(name, str) and isinstance(settings, (Mapping, Hidden))
    }
    return found if len(found) == len(given) else None


def _load(path: str | Path | None, environ: Mapping[str, str]) -> Config:
    by_name = named(path, environ)
    file = by_name or find()
    if by_name is not None and not _is_there(by_name):
        raise ConfigurationError(f"There is no settings file {str(by_name)!r}.")
    if file is None:
        accounts, hub = dict[str, dict[str, object]](), dict[str, object]()
        _ = _add_variables(accounts, hub, environ)
    else:
        with folders.looking_at(file):  # it may go away, or be locked up, at any moment
            accounts, hub = _of_file(file, environ, found=by_name is None)
    return Config({name: Hidden(given) for name, given in accounts.items()}, hub, file)


def named(path: str | Path | None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The file that the user names, by an argument or ``CROWDHUB_CONFIG``; None: one is searched for."""
    chosen = cast("object", path or environ.get("CROWDHUB_CONFIG"))
    if chosen is not None and not isinstance(chosen, (str, Path)):
        raise ConfigurationError(f"A settings file is named by its path; {type(chosen).__name__} is given.")
    return Path(chosen) if chosen else None


def _of_file(
    file: Path, environ: Mapping[str, str], *, found: bool
) -> tuple[dict[str, dict[str, object]], dict[str, object]]:
    """The accounts and the hub's settings of a file, with the variables over them. ``found``: by searching, which is
    obeyed less."""
    if found:
        trust.check_owner(file)
    accounts, hub = _read(file)
    if isinstance(ledger := hub.get("ledger"), str):
        hub["ledger"] = _beside(file, ledger)
    variables = _add_variables(accounts, hub, environ)
    from_file = {
        name: {setting: value for setting, value in given.items() if setting not in variables.get(name, ())}
        for name, given in accounts.items()
    }
    if found and file != own_file():
        trust.check_hosts(file, from_file, variables)
    trust.warn_of_readers(file, _literal_keys(from_file))
    return accounts, hub


def _literal_keys(accounts: Mapping[str, Mapping[str, object]]) -> list[str]:
    """The settings of a file that hold a key itself."""
    return [
        f"accounts.{account}.{name}"
        for account, given in accounts.items()
        if not is_loopback(str(given.get("base_url")))  # a sandbox's
        for name in given
        if re.search(r"key|secret|token|password", name) and not name.endswith("_env")
    ]


def _beside(file: Path, ledger: str) -> str:
    """A ledger's path as the file means it: from its own folder, whichever the program is run in."""
    scheme, sign, path = ledger.partition(":///")
    if sign and scheme.partition("+")[0] == "sqlite" and path not in ("", ":memory:"):
        return f"{scheme}:///{file.resolve().parent / folders.expanded(path)}"
    from crowdhub.store.address import is_file

    if ledger == "default" or not is_file(ledger):
        return ledger
    return str(file.resolve().parent / folders.expanded(ledger))


def find(start: Path | None = None) -> Path | None:
    """The nearest ``crowdhub.toml`` upwards from here, else the one in the user's config folder."""
    try:
        here = (start or Path.cwd()).resolve()
    except FileNotFoundError:  # the working folder was deleted
        return own_file()
    except OSError as error:
        raise ConfigurationError(f"The working folder cannot be looked at: {error.strerror or error}.") from None
    for folder in (here, *here.parents):
        if _is_there(folder / FILE):
            return folder / FILE
    return own_file()


def own_file() -> Path | None:
    """The file in the user's config folder, where there is one."""
    own = folders.config()
    return own / FILE if own is not None and _is_there(own / FILE) else None


def _is_there(file: Path) -> bool:
    with folders.looking_at(file):
        return file.is_file()


def _read(file: Path) -> tuple[dict[str, dict[str, object]], dict[str, object]]:
    try:
        text = file.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
        data = tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}.") from None
    for name in data:
        if name not in SECTIONS:
            raise _wrong(file, text, (name,), f"[{_name_of(name, SECTIONS)}] is not a section", SECTIONS)
    hub, accounts = data.get("hub", {}), data.get("accounts", {})
    for name, section in (("hub", hub), ("accounts", accounts)):
        if not isinstance(section, dict):
            raise _wrong(file, text, (name,), f"{name} is not a section", ())
    for name in hub:
        if name not in HUB_SETTINGS:
            what = f"there is no such setting in [hub]: {_name_of(name, HUB_SETTINGS)}"
            raise _wrong(file, text, ("hub", name), what, HUB_SETTINGS)
    for name, settings in accounts.items():
        if not isinstance(settings, dict):
            raise _wrong(file, text, ("accounts", name), f"accounts.{name} is not a section of settings", ())
    return accounts, hub


def _add_variables(
    accounts: dict[str, dict[str, object]], hub: dict[str, object], environ: Mapping[str, str]
) -> dict[str, set[str]]:
    """Returns which settings of which account they set."""
    from crowdhub.registry import installed

    found: defaultdict[str, set[str]] = defaultdict(set)
    names = sorted({*accounts, *(plugin.name for plugin in installed())}, key=len, reverse=True)
    for variable, value in environ.items():
        for name in names:  # the longest first: of two accounts "rw" and "rw-eu", RW_EU_… belongs to the second
            prefix = f"CROWDHUB_{name.upper().replace('-', '_')}_"
            if variable.startswith(prefix) and len(variable) > len(prefix):
                setting = variable.removeprefix(prefix).lower()
                if OF_KUBERNETES.fullmatch(setting):
                    break
                accounts.setdefault(name, {})[setting] = value
                found[name].add(setting)
                break
    for setting in ("ledger", "max_wait", "timeout", "on_unsupported"):
        if (given := environ.get(f"CROWDHUB_{setting.upper()}")) is not None:
            hub[setting] = given
    return found


def settings_of(
    kind: type[AnyProvider],
    account: str,
    given: Mapping[str, object] | Hidden,
    *,
    path: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> ProviderSettings:
    """The checked settings of one account. Raises `ConfigurationError` naming everything that is wrong with them."""
    given = Hidden(given)
    with FramesLeftOut():
        return _settings_of(kind, account, given, path, os.environ if environ is None else environ)


def _settings_of(
    kind: type[AnyProvider], account: str, given: Hidden, path: Path | None, environ: Mapping[str, str]
) -> ProviderSettings:
    fields = kind.settings_type.model_fields
    values: dict[str, object] = {}
    issues: list[Issue] = []
    unknown: dict[str, str] = {}
    for name, value in given.items():
        if name == "provider":
            continue
        target = name.removesuffix("_env")
        if name.endswith("_env") and name not in fields and target in fields:
            found = environ.get(str(value))
            if found is None:
                issues.append(Issue(name, "names an environment variable that is not set"))  # it may be a key
            else:
                values[target] = found
        elif name not in fields:
            where = _name_of(name, fields)
            unknown[where] = name
            issues.append(Issue(where, f"there is no such setting{_near(name, fields)}"))
        else:
            values[name] = value
    issues += [
        Issue(name, "holds a line break or another control character; a key that was read from a file may end in one")
        for name, value in values.items()
        if isinstance(value, str) and not name.endswith("_url") and any(ord(c) < 32 or ord(c) == 127 for c in value)
    ]
    issues += [
        Issue(name, "is empty") for name, value in values.items() if isinstance(value, str) and not value.strip()
    ]
    named = {issue.where.removesuffix("_env") for issue in issues}
    try:
        settings = kind.settings_type.model_validate(values)
    except ValidationError as error:
        issues += [_readable(issue) for issue in issues_of(error) if issue.where not in named]
        settings = None
    keys = [key for key in settings.secrets() if len(key.strip()) >= SHORTEST] if settings is not None else []
    issues += [
        Issue(name, "holds a key or a user name; keys have settings of their own")
        for name, value in values.items()
        if name.endswith("_url") and isinstance(value, str) and ("@" in value or any(key in value for key in keys))
    ]
    issues += [
        Issue(name, "holds more than an address: a query, a fragment, an escape or a space")
        for name, value in values.items()
        if name.endswith("_url") and isinstance(value, str) and re.search(r"[?#%\s\\]", value)
    ]
    issues += [
        Issue(name, "is not an address such as https://api.example.com, with a port from 1 to 65535 if any")
        for name, value in values.items()
        if name.endswith("_url") and isinstance(value, str) and not _is_address(value)
    ]
    if settings is None or issues:
        text = _text_of(path)
        places = [("accounts", account, unknown.get(issue.where, issue.where)) for issue in issues]
        lines = [f"{issue}{_line(path, text, place)}" for issue, place in zip(issues, places, strict=True)]
        raise ConfigurationError(
            f"The settings of the account {account!r} are wrong: " + "; ".join(lines) + ".", provider=kind.name
        )
    return settings


def _text_of(path: Path | None) -> str:
    """The settings file once more, for the line of a setting; empty where it is gone by now."""
    try:
        return path.read_text(encoding="utf-8-sig") if path is not None else ""
    except (OSError, ValueError):
        return ""


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return text.isascii() and parts.hostname is not None and (parts.port is None or is_port(parts.port))
    except ValueError:
        return False


def _readable(issue: Issue) -> Issue:
    return Issue(issue.where, "is missing") if issue.what == "Field required" else issue


def _name_of(name: str, words: Iterable[str]) -> str:
    """What a setting is called that does not exist. A key can stand where a name belongs."""
    is_name = re.fullmatch(r"[a-z]{1,16}(_[a-z]{1,16}){0,3}", name) or difflib.get_close_matches(name, words, n=1)
    return name if is_name else "(a name that could be a key is not shown)"


def _near(name: str, words: Iterable[str]) -> str:
    known = list(words)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"


def _wrong(file: Path, text: str, where: tuple[str, ...], what: str, words: tuple[str, ...]) -> ConfigurationError:
    hint = _near(where[-1], words) if words else ""
    return ConfigurationError(f"{what}{hint}{_line(file, text, where)}.")


def _line(path: Path | None, text: str, where: tuple[str, ...]) -> str:
    """`` (file, line N)`` of a setting; tomllib keeps no lines, so its header and its name are looked for."""
    if path is None:
        return ""
    section: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]", line):
            section = tuple(part.strip().strip("\"'") for part in header[1].split("."))
            if section == where or section[: len(where)] == where:
                return f" ({path}, line {number})"
        elif assigned := re.match(r"\s*([\w.\"'-]+)\s*=", line):
            name = tuple(part.strip("\"'") for part in assigned[1].split("."))
            if (section + name)[: len(where)] == where:
                return f" ({path}, line {number})"
    # What is missing has no line of its own: its section has.
    return _line(path, text, where[:-1]) if len(where) > 1 else f" ({path})"
