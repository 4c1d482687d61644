"""categories.*, options.*, folders.*, bwgroups.*."""

from crowdhub_etxt.sandbox.answers import Rows
from crowdhub_etxt.sandbox.asked import FunctionCall, Handler
from crowdhub_etxt.sandbox.catalogue import CATEGORIES, LANGUAGES
from crowdhub_etxt.sandbox.refusal import NO_OBJECT, EtxtRefusal

KINDS = ("task", "archive", "article", "article_archive", "correction", "bhv_task")


def list_categories(_: FunctionCall) -> object:
    """categories.listCategories, by name."""
    rows = [
        {"id_category": number, "id_parent": parent, "name": name, "keyword": keyword}
        for number, (parent, name, keyword) in sorted(CATEGORIES.items(), key=lambda each: each[1][1])
    ]
    return Rows(rows, "id_category")


def get_langs(_: FunctionCall) -> object:
    """options.getLangs."""
    return dict(LANGUAGES)


def list_folders(asked: FunctionCall) -> object:
    """folders.listFolders; ids grow with the date of creation."""
    by_date = asked.params.choice("sort", ("date", "name"), "name") == "date"
    folders = asked.customer.folders
    rows = folders.rows(lambda node: ("", node.id)) if by_date else folders.rows(lambda node: (node.name, node.id))
    return Rows(rows, "id_category")


def add_folder(asked: FunctionCall) -> object:
    """folders.addFolder."""
    name = asked.params.text("name", 128, required=True)
    return {"id_folder": asked.customer.folders.add(name, asked.folder("id_parent")).id}


def move_to_folder(asked: FunctionCall) -> object:
    """folders.moveToFolder: counts what was found and moved; nobody here has assignments (bhv_task)."""
    _ = asked.params.integer("id_folder")
    folder, kind = asked.folder(), asked.params.choice("type", KINDS)
    moved = sum(_move(asked, kind, number, folder) for number in asked.params.ids("ids"))
    if not moved:
        raise EtxtRefusal(NO_OBJECT)
    return {"count": moved}


def list_groups(asked: FunctionCall) -> object:
    """bwgroups.listGroups."""
    return Rows(asked.customer.groups.rows(lambda node: (node.name, node.id)), "id_category")


def save_group(asked: FunctionCall) -> object:
    """bwgroups.saveGroup."""
    groups, number = asked.customer.groups, asked.params.maybe("id")
    name, parent = asked.params.text("name", 40, required=True), asked.params.integer("id_parent", 0, least=0)
    if not number:
        return {"id": groups.add(name, parent).id}
    groups.check(number)
    node = groups.nodes[number]
    if asked.params.has("id_parent"):
        groups.move(node, parent)
    node.name = name
    return {"id": number}


def delete_group(asked: FunctionCall) -> object:
    """bwgroups.deleteGroup: with the groups in it; who was in one stays on the list, in no group."""
    number = asked.params.integer("id", least=1)
    asked.customer.groups.check(number)
    gone = asked.customer.groups.within(number)
    for each in gone:
        del asked.customer.groups.nodes[each]
    for place in asked.customer.listed.values():
        if place.group in gone:
            place.group = 0
    return {"ids": gone}


def update_group(asked: FunctionCall) -> object:
    """bwgroups.updateGroup."""
    person, group = asked.person("id_user"), asked.params.integer("id_group", 0, least=0)
    place = asked.customer.listed.get(person.id)
    if place is None:
        raise EtxtRefusal(NO_OBJECT)
    asked.customer.groups.check(group)
    place.group = group
    return {"id_user": person.id, "id_group": group, "name": asked.customer.groups.nodes[group].name if group else ""}


def _move(asked: FunctionCall, kind: str, number: int, folder: int) -> bool:
    customer = asked.customer
    if kind in ("task", "archive"):
        return asked.office.move(customer, number, folder, archived=kind == "archive")
    if kind in ("article", "article_archive"):
        bought = customer.bought.get(number)
        if bought is None or bought.archived != (kind == "article_archive"):
            return False
        bought.folder = folder
        return True
    correction = customer.corrections.get(number) if kind == "correction" else None
    if correction is None:
        return False
    correction.folder = folder
    return True


FUNCTIONS: dict[str, Handler] = {
    "categories.listCategories": list_categories,
    "options.getLangs": get_langs,
    "folders.listFolders": list_folders,
    "folders.addFolder": add_folder,
    "folders.moveToFolder": move_to_folder,
    "bwgroups.listGroups": list_groups,
    "bwgroups.saveGroup": save_group,
    "bwgroups.deleteGroup": delete_group,
    "bwgroups.updateGroup": update_group,
}
