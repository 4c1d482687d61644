"""Switches for what the documentation leaves open or allows in two ways."""

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class EtxtQuirks:
    """The defaults are what the sandbox's own docstring decides."""

    numbers_as_text: bool = True
    """Whether numbers, flags and times are text in answers ("1"), or JSON numbers."""
    empty_maps_as_lists: bool = True
    """Whether an empty map is `[]`, as PHP writes it, or `{}`."""
    empty_lists_refused: bool = True
    """Whether a listing that finds nothing is the error no_object, or an empty list."""
    records_by_id: bool = False
    """Whether listings are maps of records by their id, or lists of records."""
    only_id_as_records: bool = False
    """Whether tasks.listTasks with only_id=1 answers records with one field, or bare ids."""
    files_by_kind: bool = False
    """Whether a result's files are a map by kind ("text", "file"), or a list."""
    figures_in_files: bool = False
    """Whether the figures on a text stand within its file, or beside the files."""
    texts_in_cp1251: bool = False
    """Whether a text comes as a file in windows-1251 with HTML entities, or in UTF-8 as it is."""
    deadline_as_text: bool = False
    """Whether tasks.setDeadline answers the deadline as dd.mm.yyyy hh:mm, or as a unixtime."""
    deadline_can_shorten: bool = True
    """Whether tasks.setDeadline takes an earlier deadline than the order has: "not less than the current" may mean the
    present moment, or the present deadline."""
    partial_edit: bool = False
    """Whether tasks.saveTask on an existing order needs only what changes, or the required fields again."""
    hold_at: Literal["publishing", "acceptance"] = "publishing"
    """When an order's price leaves the balance."""
    commission: int = 0
    """Percent on top of every order and bonus that the marketplace keeps; the documentation names none."""
    auth_error: str = "no_access"
    """The error for an unknown token or a wrong sign; the documentation names none."""
    auth_shape: Literal["member", "text", "plain"] = "member"
    """How it is answered: under `error`, as a JSON text, or as plain text."""
    auth_status: int = 200
    """Its HTTP status."""
    funds_error: str = "no_access"
    """The error where the balance does not suffice; the documentation names none."""
    message_timeout_error: str = "max_limit"
    """The error for a second private message within a minute; the documentation names none."""
    archive_after_days: int = 30
    """Days after which a done order moves to the archive."""
    file_limit: int = 10_000_000
    """The most bytes that an order's file may have."""
