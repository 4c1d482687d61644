"""A draft as the body of ``createTask``, and everything that can be wrong with it."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit

from crowdhub.errors import Issue
from crowdhub.model import TaskDraft
from crowdhub_capsolver.options import CapSolverOptions

IMAGE_TASK = "ImageToTextTask"


def options_of(draft: TaskDraft) -> CapSolverOptions:
    found = draft.options_for("capsolver")
    return found if isinstance(found, CapSolverOptions) else CapSolverOptions()


def image_draft(image: bytes | Path | str, module: str | None, website_url: str | None) -> TaskDraft:
    """An image to be read, as a draft. Text is the path of its file."""
    task = {"type": IMAGE_TASK, "module": module, "websiteURL": website_url}
    options = CapSolverOptions(task={name: value for name, value in task.items() if value is not None})
    return TaskDraft(image=Path(image) if isinstance(image, str) else image, options=[options])


def type_of(draft: TaskDraft) -> str:
    """The type of the draft's task, as the marketplace calls it."""
    return str((options_of(draft).task or {"type": IMAGE_TASK}).get("type"))


def describe(draft: TaskDraft) -> str:
    """What a person has to look for: the API can neither list tasks nor find this one."""
    return (
        f"a task of type {type_of(draft)} in the usage list of CapSolver's dashboard, and whether the balance went "
        "down (the API can neither list tasks nor find this one)"
    )


def body(draft: TaskDraft, app_id: str | None) -> dict[str, object]:
    """The body of ``createTask``; an image is read and encoded here, for it travels within the JSON."""
    options = options_of(draft)
    task: dict[str, object] = dict(options.task or {"type": IMAGE_TASK})
    if draft.image is not None:
        content = draft.image.read_bytes() if isinstance(draft.image, Path) else draft.image
        task["body"] = b64encode(content).decode()
    members: dict[str, object] = {"task": task}
    if app_id is not None:
        members["appId"] = app_id
    if options.callback_url is not None:
        members["callbackUrl"] = options.callback_url
    return members


def issues(draft: TaskDraft) -> list[Issue]:
    """A draft is an image, or options with a task; title and reward have no place here."""
    options = options_of(draft)
    task = options.task
    found: list[Issue] = []
    if draft.slots != 1:
        found.append(Issue("slots", f"{draft.slots} is not 1: a task has one solution"))
    if draft.image is None and task is None:
        found.append(Issue("image", 'is missing; give one, or CapSolverOptions(task={"type": …})'))
    if draft.image == b"":
        found.append(Issue("image", "is empty"))
    if task is not None and not (isinstance(task.get("type"), str) and task["type"]):
        found.append(Issue("options.task.type", "is missing; the marketplace needs the type of the task"))
    elif task is not None and draft.image is not None and task["type"] != IMAGE_TASK:
        found.append(Issue("image", f"has no place in a task of type {task['type']}"))
    if task is not None and draft.image is not None and "body" in task:
        found.append(Issue("image", "and the task's body say the same; give one of the two"))
    if options.callback_url is not None and not _is_url(options.callback_url):
        found.append(Issue("options.callback_url", f"{options.callback_url!r} is not an http(s) URL"))
    return found


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
