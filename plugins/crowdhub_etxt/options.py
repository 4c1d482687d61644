"""An order's own settings, for which the neutral draft has no field."""

from __future__ import annotations

import mimetypes
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from crowdhub.errors import InvalidRequest, Issue
from crowdhub.model import FileContent, ProviderOptions, TaskDraft
from crowdhub.protocol import Operation, Upload
from crowdhub_etxt.codes import Neural, PriceType, Target, TextType, WorkType
from crowdhub_etxt.encoding import MOSCOW, between, due, identifier, length, rubles
from crowdhub_etxt.functions.orders import Saved
from crowdhub_etxt.functions.task_changes import DESCRIPTION, TEXT, TITLE, Tasks, upload_issues
from crowdhub_etxt.reading import MARK_LENGTH, marked


class EtxtOptions(ProviderOptions):
    """What `tasks.saveTask` takes beside the draft's own fields. None leaves the marketplace's default.

    ``id_category`` is required (or the draft's ``category``, as the same number), and ``size`` in characters unless
    there is a source ``text``. ``price_type`` says what the draft's reward is for: one whole order (our default) or
    1,000 characters. ``public=False`` leaves the order a draft, to be published by `Etxt.publish_draft`.
    """

    provider: ClassVar[str] = "etxt"

    id_category: int | None = None
    size: int | None = None
    price_type: PriceType = PriceType.WHOLE_ORDER
    text: str | None = None
    """The source text, for rewriting and translation."""
    public: bool = True
    timeline: Annotated[str | None, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = None
    """The time of day (``hh:mm``) of the deadline, in Moscow time, in place of the draft's own."""
    uniq: int | None = None
    """The uniqueness that is required, in per cent; a result below goes back by itself."""
    multione: bool | None = None
    """Of a multiple order, one to a performer."""
    locate: bool | None = None
    """The text is to be placed on a site, too."""
    whitespaces: bool | None = None
    """Spaces count."""
    only_stars: bool | None = None
    """The performer's level of skill counts."""
    checksize: bool | None = None
    """Texts below 90 % of the size are not taken."""
    id_type: WorkType | None = None
    id_subtype: TextType | None = None
    auto_work: bool | None = None
    """Accept applications by itself, of performers with at least the rating ``auto_rate``, at least
    ``auto_reports`` good reviews and at most ``auto_reports_n`` bad ones."""
    auto_rate: int | None = None
    auto_reports: int | None = None
    auto_reports_n: int | None = None
    id_folder: int | None = None
    target_task: Target | None = None
    id_target: int | None = None
    """The performer of an individual order, or a group of the white list."""
    keywords: tuple[str, ...] = ()
    """For SEO copywriting."""
    language_from: int | None = None
    language_to: int | None = None
    bwgroup_send: bool | None = None
    """Tell the white list's group."""
    file: FileContent | None = Field(default=None, repr=False)
    """A file for the performer: its path, or its bytes with a ``file_name``."""
    file_name: str | None = None
    attestat: bool | None = None
    """Only performers examined in the subject (medicine, building, law, book-keeping)."""
    diplom: bool | None = None
    """Only performers with a confirmed diploma."""
    robot: Neural | None = None


def options_of(draft: TaskDraft) -> EtxtOptions:
    found = draft.options_for("etxt")
    return found if isinstance(found, EtxtOptions) else EtxtOptions()


def description_of(draft: TaskDraft) -> str:
    """The instructions, and below them what is to be handed in: an order has one field for both."""
    return "\n\n".join(part for part in (draft.instructions, draft.proof) if part)


def deadline_of(draft: TaskDraft, now: datetime) -> datetime | None:
    """The draft's deadline as a time, with the option's time of day."""
    moment = now + draft.deadline if isinstance(draft.deadline, timedelta) else draft.deadline
    at = options_of(draft).timeline
    if moment is None or at is None:
        return moment
    return datetime.combine(moment.astimezone(MOSCOW).date(), time.fromisoformat(at), MOSCOW)


def category_of(draft: TaskDraft) -> str | None:
    chosen = options_of(draft).id_category
    return str(chosen) if chosen is not None else draft.category


def size_of(options: EtxtOptions) -> int | None:
    """How many characters are ordered: as set, else as many as the source text has (with or without its spaces)."""
    if options.size is not None or not options.text:
        return options.size
    return len(options.text if options.whitespaces else "".join(options.text.split()))


def order_issues(draft: TaskDraft, now: datetime) -> list[Issue]:
    """What is wrong with a draft as an order, beside what is wrong with any draft."""
    options = options_of(draft)
    room = DESCRIPTION - MARK_LENGTH
    category = category_of(draft)
    found = [
        *length("title", draft.title, TITLE),
        *length("instructions", description_of(draft), room),
        *length("options.text", options.text, TEXT),
        *due("deadline", deadline_of(draft, now), now),
        *between("options.size", options.size, 1),
        *between("options.uniq", options.uniq, 0, 100),
        *between("options.auto_reports", options.auto_reports, 0),
        *between("options.auto_reports_n", options.auto_reports_n, 0),
        *upload_issues("options.file", _file_of(options)),
    ]
    if draft.reward is not None and draft.reward.currency == "RUB" and draft.reward.amount > 0:
        found += rubles("reward", draft.reward)
    if category is None:
        found.append(Issue("options.id_category", "is missing; `api.categories.list_categories` lists them"))
    else:
        found += identifier("options.id_category", category)
    if options.size is None and not options.text:
        found.append(Issue("options.size", "is missing; it is required where there is no source text"))
    if options.timeline is not None and draft.deadline is None:
        found.append(Issue("options.timeline", "is the time of day of a deadline, and the draft has none"))
    if options.target_task is Target.ONE_PERFORMER and options.id_target is None:
        found.append(Issue("options.id_target", "is missing; an individual order names its performer"))
    if options.bwgroup_send and (options.target_task is not Target.WHITE_LIST or options.id_target is None):
        found.append(Issue("options.bwgroup_send", "needs target_task=WHITE_LIST and a group in id_target"))
    if isinstance(options.file, bytes) and not options.file_name:
        found.append(Issue("options.file_name", "is missing; its ending tells the marketplace what the bytes are"))
    if draft.image is not None and options.file is not None:
        found.append(Issue("image", "and options.file are both given; an order takes one file"))
    if draft.image == b"":
        found.append(Issue("image", "is empty"))
    return found


def _file_of(options: EtxtOptions) -> Upload | Path | None:
    if not isinstance(options.file, bytes):
        return options.file
    name = options.file_name or "file"
    return Upload(name, options.file, mimetypes.guess_type(name)[0] or "application/octet-stream")


def saving(
    tasks: Tasks,
    draft: TaskDraft,
    *,
    now: datetime,
    public: bool,
    id: int | None = None,  # noqa: A002
) -> Operation[Saved]:
    """`Tasks.save_task` of an order like the draft, with its reference at the end of the description. Raises
    `InvalidRequest` where it lacks its reward or its category."""
    options = options_of(draft)
    category = category_of(draft)
    if draft.reward is None or category is None:
        raise InvalidRequest(issues=order_issues(draft, now) or [Issue("reward", "is missing")])
    several = draft.slots > 1
    return tasks.save_task(
        id=id,
        public=public,
        title=draft.title,
        description=marked(description_of(draft), draft.reference),
        text=options.text,
        price=draft.reward,
        price_type=options.price_type,
        uniq=options.uniq,
        multione=options.multione,
        locate=options.locate,
        whitespaces=options.whitespaces,
        only_stars=options.only_stars,
        size=options.size,
        checksize=options.checksize,
        id_type=options.id_type,
        id_subtype=options.id_subtype,
        deadline=deadline_of(draft, now),
        auto_work=options.auto_work,
        auto_rate=options.auto_rate,
        auto_reports=options.auto_reports,
        auto_reports_n=options.auto_reports_n,
        id_category=category,
        multitask=True if several else None,
        multicount=draft.slots if several else None,
        id_folder=options.id_folder,
        target_task=options.target_task,
        id_target=options.id_target,
        keywords=options.keywords,
        language_from=options.language_from,
        language_to=options.language_to,
        bwgroup_send=options.bwgroup_send,
        file=_attached(draft),
        attestat=options.attestat,
        diplom=options.diplom,
        robot=options.robot,
    )


def _attached(draft: TaskDraft) -> Upload | Path | None:
    """The one file of an order: the draft's picture, or the option's file."""
    if isinstance(draft.image, bytes):
        return Upload(_image_name(draft.image), draft.image)
    return draft.image or _file_of(options_of(draft))


_KINDS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif", b"RIFF": "webp"}


def _image_name(image: bytes) -> str:
    return "image." + next((kind for start, kind in _KINDS.items() if image.startswith(start)), "bin")
