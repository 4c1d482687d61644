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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from crowdhub.errors import ConfigurationError, Fault
from crowdhub.model.base import faults_of
from crowdhub.provider import Provider, ProviderSettings

FILE = "crowdhub.toml"
HUB_SETTINGS = ("ledger", "budget", "on_unsupported", "max_wait", "timeout")


@dataclass(frozen=True)
class Config:
    """What was read: the accounts, the hub's own settings, and the file (None: variables only)."""

    accounts: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    hub: dict[str, Any] = field(default_factory=dict[str, Any])
    path: Path | None = None


def load(path: str | Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Read the file and the variables. Raises `ConfigurationError` with the file, the line and the setting."""
    environ = os.environ if environ is None else environ
    chosen = path or environ.get("CROWDHUB_CONFIG")
    file = Path(chosen) if chosen else find()
    if chosen and file is not None and not file.is_file():
        raise ConfigurationError(f"There is no settings file {str(file)!r}.")
    config = _read(file) if file is not None else Config()
    _add_variables(config, environ)
    return config


def find(start: Path | None = None) -> Path | None:
    """The nearest ``crowdhub.toml`` upwards from here, else the one in the user's config folder."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / FILE).is_file():
            return folder / FILE
    from platformdirs import user_config_path

    own = user_config_path("crowdhub") / FILE
    return own if own.is_file() else None


def _read(file: Path) -> Config:
    try:
        text = file.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}.") from None
    for name in data:
        if name not in ("hub", "accounts"):
            raise _wrong(file, text, (name,), f"[{name}] is no section", ("hub", "accounts"))
    hub, accounts = data.get("hub", {}), data.get("accounts", {})
    for name, section in (("hub", hub), ("accounts", accounts)):
        if not isinstance(section, dict):
            raise _wrong(file, text, (name,), f"{name} is no section", ())
    for name in hub:
        if name not in HUB_SETTINGS:
            raise _wrong(file, text, ("hub", name), f"there is no setting {name!r} in [hub]", HUB_SETTINGS)
    for name, settings in accounts.items():
        if not isinstance(settings, dict):
            raise _wrong(file, text, ("accounts", name), f"accounts.{name} is no section of settings", ())
    return Config(accounts=accounts, hub=hub, path=file)


def _add_variables(config: Config, environ: Mapping[str, str]) -> None:
    from crowdhub.registry import installed

    names = sorted({*config.accounts, *(plugin.name for plugin in installed())}, key=len, reverse=True)
    for variable, value in environ.items():
        for name in names:  # the longest first: of two accounts "rw" and "rw-eu", RW_EU_… belongs to the second
            prefix = f"CROWDHUB_{name.upper().replace('-', '_')}_"
            if variable.startswith(prefix) and len(variable) > len(prefix):
                setting = variable.removeprefix(prefix).lower()
                config.accounts.setdefault(name, {})[setting] = value
                break
    for setting in ("ledger", "max_wait", "timeout", "on_unsupported"):
        if (found := environ.get(f"CROWDHUB_{setting.upper()}")) is not None:
            config.hub[setting] = found


def settings_of(
    kind: type[Provider[Any]],
    account: str,
    given: Mapping[str, Any],
    *,
    path: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> ProviderSettings:
    """The checked settings of one account. Raises `ConfigurationError` naming everything that is wrong with them."""
    environ = os.environ if environ is None else environ
    fields = kind.settings_type.model_fields
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in given.items():
        if name == "provider":
            continue
        target = name.removesuffix("_env")
        if name.endswith("_env") and name not in fields and target in fields:
            found = environ.get(str(value))
            if found is None:
                faults.append(Fault(name, f"names the environment variable {value!r}, which is not set"))
            else:
                values[target] = found
        elif name not in fields:
            faults.append(Fault(name, f"there is no such setting{_near(name, fields)}"))
        else:
            values[name] = value
    named = {fault.where.removesuffix("_env") for fault in faults}
    try:
        settings = kind.settings_type.model_validate(values)
    except ValidationError as error:
        faults += [_readable(fault) for fault in faults_of(error) if fault.where not in named]
        settings = None
    if settings is None or faults:
        text = path.read_text(encoding="utf-8") if path is not None else ""
        lines = [f"{fault}{_line(path, text, ('accounts', account, fault.where))}" for fault in faults]
        raise ConfigurationError(
            f"The settings of the account {account!r} are wrong: " + "; ".join(lines) + ".", provider=kind.name
        )
    return settings


def _readable(fault: Fault) -> Fault:
    return Fault(fault.where, "is missing") if fault.what == "Field required" else fault


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
    return f" ({path})"
