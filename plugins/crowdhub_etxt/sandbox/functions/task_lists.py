"""tasks.* and tasks_archive.* that only read: orders, applications, results."""

from collections.abc import Mapping

from crowdhub.sandbox.values import JsonObject
from crowdhub_etxt.sandbox.answers import Rows, unixtime
from crowdhub_etxt.sandbox.asked import FunctionCall, Handler
from crowdhub_etxt.sandbox.orders import OrderState, Quality, Remark, SandboxOrder, SandboxResult
from crowdhub_etxt.sandbox.params import UploadedFile
from crowdhub_etxt.sandbox.refusal import NO_OBJECT, EtxtRefusal

OVERDUE_UNDECIDED = 10


def list_tasks(asked: FunctionCall) -> object:
    """tasks.listTasks, newest first."""
    params = asked.params
    wanted, user, folder = params.maybe("id"), params.maybe("id_user"), params.maybe("id_folder")
    target, status = params.maybe("target"), params.maybe("status")
    undecided = params.maybe("filter") == OVERDUE_UNDECIDED
    found = [
        order
        for order in reversed(asked.office.of(asked.customer, asked.now))
        if order.archived_at is None
        and (wanted is None or order.id == wanted)
        and (user is None or order.performer == user)
        and (folder is None or order.terms.id_folder == folder)
        and (target is None or order.terms.target == target)
        and (_undecided(order) if undecided else status is None or _has_status(order, status))
    ][params.window()]
    if params.flag("only_id") and found:
        if asked.world.quirks.only_id_as_records:
            return Rows([{"id": order.id} for order in found], "id")
        return [order.id for order in found]
    return Rows([_order(asked, order) for order in found], "id")


def view_notes(asked: FunctionCall) -> object:
    """tasks.viewNotes: comments, and applications that wait, of one order or up to 100."""
    rows: list[JsonObject] = []
    for number in asked.params.ids("id", single=True):
        order = asked.office.get(asked.customer, number, asked.now)
        rows += [_remark(each) for each in order.remarks if each.open]
    return Rows(rows, "id")


def view_notes_all(asked: FunctionCall) -> object:
    """tasks.viewNotesAll: the applications that wait."""
    rows = [
        {
            "id_note": each.application,
            "title": order.terms.title,
            "price": order.terms.cost,
            "deadline": order.terms.deadline,
            "id_task": order.id,
            "id_user": each.user,
            "user": each.login,
            "date": each.date,
            "text": each.text,
        }
        for order in asked.office.of(asked.customer, asked.now)
        if order.open_to_applications
        for each in order.applications
    ]
    return Rows(rows, "id_note")


def get_results(asked: FunctionCall) -> object:
    """tasks.getResults: every result of the orders named, those sent back too; other ids find nothing."""
    rows: list[JsonObject] = []
    for number in asked.params.ids("id"):
        order = asked.office.orders.get(number)
        if order is not None and order.customer is asked.customer and order.archived_at is None:
            rows += [_result(asked, order, result) for result in order.results]
    return Rows(rows, "id")


def list_archive(asked: FunctionCall) -> object:
    """tasks_archive.listTasks, by the day of archiving."""
    params = asked.params
    wanted, user, folder = params.maybe("id"), params.maybe("id_user"), params.maybe("id_folder")
    backwards = params.choice("order", ("asc", "desc"), "asc") == "desc"
    found = [
        order
        for order in asked.office.of(asked.customer, asked.now)
        if order.archived_at is not None
        and (wanted is None or order.id == wanted)
        and (user is None or order.performer == user)
        and (folder is None or order.terms.id_folder == folder)
    ]
    found.sort(key=lambda order: (unixtime(order.archived_at), order.id), reverse=backwards)
    rows = [
        {**_terms(order), "id_level": 0, "end_date": order.end_date, "date_archive": order.archived_at}
        for order in found[params.window()]
    ]
    return Rows(rows, "id")


def archive_results(asked: FunctionCall) -> object:
    """tasks_archive.getResults."""
    order = asked.office.orders.get(asked.params.integer("id"))
    if order is None or order.customer is not asked.customer or order.archived_at is None:
        raise EtxtRefusal(NO_OBJECT)
    rows = [
        {
            "id_task": order.id,
            "id_user": result.user,
            "comment": result.comment,
            "content": result.text,
            "date": result.date,
            "date_reset": unixtime(result.date_reset),
            "check": {} if result.quality is None else _figures(order, result.quality),
            "files": _files(asked, result, with_text=False),
        }
        for result in order.results
    ]
    return Rows(rows)


def _has_status(order: SandboxOrder, status: int) -> bool:
    """Status 1 means published orders only."""
    return order.status == status and (status != OrderState.WAITING or order.public)


def _undecided(order: SandboxOrder) -> bool:
    return order.status == OrderState.OVERDUE and order.failed_at is None


def _terms(order: SandboxOrder) -> JsonObject:
    """What a list of orders and the archive have in common."""
    terms = order.terms
    shown: JsonObject = {
        "id": order.id,
        "id_user": order.performer,
        "id_folder": terms.id_folder,
        "id_category": terms.id_category,
        "date": order.date,
        "title": terms.title,
        "description": terms.description,
        "id_type": terms.id_type,
        "deadline": terms.deadline,
        "price": terms.cost,
        "price_type": terms.price_type,
        "size": terms.size,
        "whitespaces": terms.whitespaces,
        "text": terms.text,
    }
    if terms.id_type == 4:
        shown["keywords"] = terms.keywords
    if terms.id_type == 3:
        shown |= {"language_from": terms.language_from, "language_to": terms.language_to}
    return shown


def _order(asked: FunctionCall, order: SandboxOrder) -> JsonObject:
    terms = order.terms
    shown = {
        **_terms(order),
        "end_date": unixtime(order.end_date),
        "id_subtype": terms.id_subtype,
        "id_level": 0,
        "status": order.status,
        "public": order.public,
        "checksize": terms.checksize,
        "quick": order.quick,
        "target": terms.target,
        "multitask": terms.multitask,
        "multicount": order.left,
        "client_comment": order.comment,
    }
    if terms.uniq is not None:
        shown["uniq"] = terms.uniq
    if terms.target == 3:
        shown["id_target"] = terms.id_target
    if terms.file is not None:
        shown["filename"] = asked.link("order", order.id, name=terms.file.name, lasting=True)
    return shown


def _remark(remark: Remark) -> JsonObject:
    return {
        "id": remark.id,
        "text": remark.text,
        "date": remark.date,
        "id_user": remark.user,
        "login": remark.login,
        "id_note": remark.application,
        "id_task": remark.order_id,
    }


def _result(asked: FunctionCall, order: SandboxOrder, result: SandboxResult) -> JsonObject:
    figures = _figures(order, result.quality) if result.quality is not None else {}
    inside = asked.world.quirks.figures_in_files
    shown: JsonObject = {
        "id": result.id,
        "id_task": order.id,
        "id_user": result.user,
        "comment": result.comment,
        "date": result.date,
        "date_reset": unixtime(result.date_reset),
        "status": result.verdict,
        "check": result.quality is not None,
        "files": _files(asked, result, with_text=True, figures=figures if inside else {}),
    }
    if result.quality is not None:
        shown |= {**({} if inside else figures), "auto_check_date": result.date}
    return shown


def _figures(order: SandboxOrder, quality: Quality) -> dict[str, float]:
    """Only what an order of this type is checked for."""
    figures = {"per_mistakes": quality.mistakes, "per_antiplagiat": quality.antiplagiat}
    if order.terms.id_type == 4:
        figures["per_keywords"] = quality.keywords
    if order.terms.id_type == 2 and order.terms.text:
        figures["per_diff"] = quality.diff
    return figures


def _files(
    asked: FunctionCall, result: SandboxResult, *, with_text: bool, figures: Mapping[str, float] | None = None
) -> object:
    """Links for a day from now; the text has the ``figures``. tasks.getResults has no field for the
    text itself: it is a file among others."""
    given: list[tuple[str, int, UploadedFile]] = []
    if with_text and result.text:
        given.append(("text", 0, UploadedFile(f"text_{result.id}.txt", result.text.encode())))
    given += [("file", number, file) for number, file in enumerate(result.files, 1)]
    entries = [
        (
            kind,
            {
                "name": kind,
                "size": len(file.content),
                "path": asked.link("result", result.id, number, name=file.name),
                **((figures or {}) if kind == "text" else {}),
            },
        )
        for kind, number, file in given
    ]
    if not asked.world.quirks.files_by_kind:
        return [entry for _, entry in entries]
    keyed: dict[str, object] = {}
    for kind, entry in entries:
        keyed[kind if kind not in keyed else f"{kind}{len(keyed)}"] = entry
    return keyed


FUNCTIONS: dict[str, Handler] = {
    "tasks.listTasks": list_tasks,
    "tasks.viewNotes": view_notes,
    "tasks.viewNotesAll": view_notes_all,
    "tasks.getResults": get_results,
    "tasks_archive.listTasks": list_archive,
    "tasks_archive.getResults": archive_results,
}
