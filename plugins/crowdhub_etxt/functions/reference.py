"""Reference data and order: `categories`, `folders`, `options`, `bwgroups`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crowdhub.protocol import (
    Effect,
    Flow,
    LenientInt,
    LenientText,
    Lookup,
    Operation,
    Page,
    WireModel,
    first_match,
    int_or_none,
    load_json,
    mapping,
    unreadable,
)
from crowdhub_etxt.codes import FolderSort, Movable
from crowdhub_etxt.decoding import Flag, Ids, empty_map
from crowdhub_etxt.encoding import Id, identifier, identifiers, length
from crowdhub_etxt.functions.base import Functions
from crowdhub_etxt.functions.records import Named

if TYPE_CHECKING:
    from crowdhub import Response


class Category(WireModel):
    """A subject of orders and articles."""

    id_category: int
    id_parent: LenientInt = None
    name: LenientText = None
    keyword: LenientText = None


class Folder(WireModel):
    """A project folder, or a group of the white and black lists. ``last``: the last one at its depth."""

    id_category: int
    id_parent: LenientInt = None
    name: LenientText = None
    depth: LenientInt = None
    last: Flag = None


class FolderMade(WireModel):
    id_folder: int


class Moved(WireModel):
    count: LenientInt = None


class Deleted(WireModel):
    ids: Ids = ()


class Regrouped(WireModel):
    """Where a user now is; an empty ``name`` means in no group."""

    id_user: int
    id_group: LenientInt = None
    name: LenientText = None


class Categories(Functions):
    family = "categories"

    def list_categories(self) -> Operation[Page[Category]]:
        """`categories.listCategories`: all subjects, by name. READ."""
        return self._many("listCategories", Category, {})


class Folders(Functions):
    family = "folders"

    def list_folders(self, sort: FolderSort | None = None) -> Operation[Page[Folder]]:
        """`folders.listFolders`: the account's project folders, by name unless ``sort`` says otherwise. READ."""
        return self._many("listFolders", Folder, {"sort": sort})

    def add_folder(self, name: str, id_parent: Id = 0) -> Operation[FolderMade]:
        """`folders.addFolder`: make a folder (name of 1 to 128 characters) under ``id_parent`` (0: at the root).

        SPEND, as each repetition makes one more folder; free. After a lost answer the folder list tells: a folder
        of that name in that place is the result.
        """

        def made() -> Flow[FolderMade | None]:
            found = yield from first_match(
                self.list_folders(),
                lambda each: each.name == name and (each.id_parent or 0) == int(id_parent),
                whole=True,
            )
            return None if found is None else FolderMade(id_folder=found.id_category)

        return self._one(
            "addFolder",
            FolderMade,
            {"name": name, "id_parent": id_parent},
            effect=Effect.SPEND,
            costs=False,
            issues=[*length("name", name, 128, 1), *identifier("id_parent", id_parent)],
            lookup=Lookup(f"the folder {name!r} among the project folders", lambda _, __: made()),
        )

    def move_to_folder(self, id_folder: Id, type: Movable, ids: Sequence[Id]) -> Operation[Moved]:  # noqa: A002
        """`folders.moveToFolder`: put orders, articles … into a folder; says how many were moved. SETTLE."""
        issues = [*identifier("id_folder", id_folder), *identifiers("ids", ids, None)]
        params = {"id_folder": id_folder, "type": type, "ids": list(ids)}
        return self._one("moveToFolder", Moved, params, effect=Effect.SETTLE, issues=issues)


class Options(Functions):
    family = "options"

    def get_langs(self) -> Operation[dict[int, str]]:
        """`options.getLangs`: the languages, by id. READ."""
        return self._run("getLangs", languages, {})


class BwGroups(Functions):
    family = "bwgroups"

    def list_groups(self) -> Operation[Page[Folder]]:
        """`bwgroups.listGroups`: the groups of the account's white and black lists. READ."""
        return self._many("listGroups", Folder, {})

    def save_group(self, name: str, id: Id | None = None, id_parent: Id | None = None) -> Operation[Named]:  # noqa: A002
        """`bwgroups.saveGroup`: make a group, or change the one with ``id``. The name has up to 40 characters.

        SPEND without an id (a repetition makes one more group; `list_groups` shows it), else SETTLE; free.
        """
        return self._one(
            "saveGroup",
            Named,
            {"name": name, "id": id, "id_parent": id_parent},
            effect=Effect.SPEND if id is None else Effect.SETTLE,
            costs=False,
            issues=[*length("name", name, 40, 1), *identifier("id", id), *identifier("id_parent", id_parent)],
            lookup=Lookup(f"the group {name!r} in `bwgroups.list_groups`"),
        )

    def delete_group(self, id: Id) -> Operation[Deleted]:  # noqa: A002
        """`bwgroups.deleteGroup`: delete a group and all below it; says which are gone. SETTLE."""
        return self._one("deleteGroup", Deleted, {"id": id}, effect=Effect.SETTLE, issues=identifier("id", id))

    def update_group(self, id_user: Id, id_group: Id | None = None) -> Operation[Regrouped]:
        """`bwgroups.updateGroup`: move a user who is on a list into a group (None: into none). SETTLE."""
        issues = [*identifier("id_user", id_user), *identifier("id_group", id_group)]
        params = {"id_user": id_user, "id_group": id_group}
        return self._one("updateGroup", Regrouped, params, effect=Effect.SETTLE, issues=issues)


def languages(reply: Response) -> dict[int, str]:
    data = mapping(empty_map(load_json(reply)))
    if data is None:
        raise unreadable("a map of languages was expected", reply.text, reply)
    return {number: str(name) for key, name in data.items() if (number := int_or_none(key)) is not None}
