"""`tasks`: what makes, changes, pays and ends orders."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from crowdhub.errors import Conflict, Issue
from crowdhub.model import Money
from crowdhub.protocol import Effect, Flow, Lookup, Operation, Upload, every
from crowdhub_etxt.codes import AutoPay, Neural, PriceType, Target, TextType, WorkType
from crowdhub_etxt.encoding import CLOCKS, Id, between, day_and_hour, due, identifier, identifiers, length, rubles
from crowdhub_etxt.functions.orders import (
    Commented,
    Copied,
    DeadlineSet,
    Failed,
    NoteAnswered,
    Paid,
    Saved,
    TicketMade,
)
from crowdhub_etxt.functions.records import Changed, Done
from crowdhub_etxt.functions.tasks import MOST, TaskLists

TITLE, DESCRIPTION, TEXT, COMMENT = 512, 10_000, 40_000, 5000
"""The longest texts of an order, in characters, and of a customer's comment on it."""


class Tasks(TaskLists):
    def save_task(
        self,
        *,
        title: str,
        price: Money,
        id_category: Id,
        id: Id | None = None,  # noqa: A002
        public: bool | None = None,
        description: str | None = None,
        text: str | None = None,
        price_type: PriceType | None = None,
        uniq: int | None = None,
        multione: bool | None = None,
        locate: bool | None = None,
        whitespaces: bool | None = None,
        only_stars: bool | None = None,
        size: int | None = None,
        checksize: bool | None = None,
        id_type: WorkType | None = None,
        id_subtype: TextType | None = None,
        deadline: datetime | None = None,
        auto_work: bool | None = None,
        auto_rate: int | None = None,
        auto_reports: int | None = None,
        auto_reports_n: int | None = None,
        multitask: bool | None = None,
        multicount: int | None = None,
        id_folder: Id | None = None,
        target_task: Target | None = None,
        id_target: Id | None = None,
        keywords: Sequence[str] = (),
        language_from: Id | None = None,
        language_to: Id | None = None,
        bwgroup_send: bool | None = None,
        file: Upload | Path | None = None,
        attestat: bool | None = None,
        diplom: bool | None = None,
        robot: Neural | None = None,
    ) -> Operation[Saved]:
        """`tasks.saveTask`: make an order, or change the one with ``id``; ``public`` publishes it.

        Texts: title 512, description 10,000, source ``text`` 40,000 characters (for rewriting and translation).
        ``price`` in whole RUB, per 1,000 characters or for the whole order (``price_type``). ``size`` in characters,
        required without ``text``. ``deadline`` at most 90 days ahead, sent as ``deadline`` and ``timeline``.
        ``multitask`` with ``multicount`` makes a multiple order. Sent as a form, as multipart with a ``file``.

        SPEND without ``id``, else SETTLE; it takes money unless ``public`` is False. Here a lost answer is
        `OutcomeUnknown`, since nothing in these parameters need be unique; `publish` finds the reference of its
        draft. Raises `InvalidRequest`, also for
        ``no_utarget`` (the performer of an individual order is not to be had) and ``no_work`` (kind or price do
        not meet the performer's conditions).
        """
        issues = [
            *([] if title.strip() else [Issue("title", "is empty")]),
            *length("title", title, TITLE),
            *length("description", description, DESCRIPTION),
            *length("text", text, TEXT),
            *rubles("price", price),
            *between("size", size, 1),
            *(
                [Issue("size", "is missing; it is required where there is no text")]
                if size is None and not text
                else []
            ),
            *due("deadline", deadline, self._now()),
            *between("multicount", multicount, 1),
            *between("uniq", uniq, 0, 100),
            *upload_issues("file", file),
        ]
        for where, value in {
            "id": id,
            "id_category": id_category,
            "id_folder": id_folder,
            "id_target": id_target,
            "language_from": language_from,
            "language_to": language_to,
        }.items():
            issues += identifier(where, value)
        params = {
            "id": id,
            "public": public,
            "title": title,
            "description": description,
            "text": text,
            "price": price,
            "price_type": price_type,
            "uniq": uniq,
            "multione": multione,
            "locate": locate,
            "whitespaces": whitespaces,
            "only_stars": only_stars,
            "size": size,
            "checksize": checksize,
            "id_type": id_type,
            "id_subtype": id_subtype,
            **day_and_hour(deadline),
            "auto_work": auto_work,
            "auto_rate": auto_rate,
            "auto_reports": auto_reports,
            "auto_reports_n": auto_reports_n,
            "id_category": id_category,
            "multitask": multitask,
            "multicount": multicount,
            "id_folder": id_folder,
            "target_task": target_task,
            "id_target": id_target,
            "keywords": ", ".join(keywords) or None,
            "language_from": language_from,
            "language_to": language_to,
            "bwgroup_send": bwgroup_send,
            "attestat": attestat,
            "diplom": diplom,
            "robot": robot,
            "file": upload_of(file),
        }
        return self._one(
            "saveTask",
            Saved,
            params,
            effect=Effect.SPEND if id is None else Effect.SETTLE,
            costs=public is not False,  # what is meant where it is not said is not documented
            issues=issues,
            lookup=Lookup(f"an order titled {title!r} in your lists of drafts and of orders"),
            pays_for=id,
        )

    def set_client_comment(self, id: Id, text: str) -> Operation[Done]:  # noqa: A002
        """`tasks.setClientComment`: replace your comment on an order (at most 5,000 characters). SETTLE."""
        issues = [*identifier("id", id), *length("text", text, COMMENT)]
        return self._one("setClientComment", Done, {"id": id, "text": text}, effect=Effect.SETTLE, issues=issues)

    def set_note(self, id: Id, comment: str | None = None) -> Operation[NoteAnswered]:  # noqa: A002
        """`tasks.setNote`: accept an application (by ``id_note``, not a comment's id). ``comment`` (at most 500
        characters) is added to the order's description.

        SPEND: on a multiple order it makes a new order, whose id is in the answer. After a lost answer the id of an
        application alone does not lead to its order: `OutcomeUnknown`; `accept` finds it.
        """
        return self._one(
            "setNote",
            NoteAnswered,
            {"id": id, "comment": comment},
            effect=Effect.SPEND,
            issues=[*identifier("id", id), *length("comment", comment, 500)],
            lookup=Lookup(f"an order given to the author of the application {id}"),
        )

    def unset_note(self, id: Id) -> Operation[NoteAnswered]:  # noqa: A002
        """`tasks.unsetNote`: decline an application (by ``id_note``). SETTLE."""
        return self._one("unsetNote", NoteAnswered, {"id": id}, effect=Effect.SETTLE, issues=identifier("id", id))

    def paid_task(self, id: Sequence[Id], text: str | None = None, *, at_once: bool = False) -> Operation[Changed]:  # noqa: A002
        """`tasks.paidTask`: accept and pay up to 100 orders that are under review, with a comment of at most 5,000
        characters for all their performers. The answer names those that were accepted. SETTLE; ``at_once``: it neither
        waits nor is sent again, for what was looked at before can change."""
        return self._one(
            "paidTask",
            Changed,
            {"id": list(id), "text": text},
            effect=Effect.SETTLE,
            at_once=at_once,
            issues=[*identifiers("id", id, MOST), *length("text", text, COMMENT)],
            lookup=_decided(id),
        )

    def cancel_task(self, id: Sequence[Id], text: str | None = None, *, at_once: bool = False) -> Operation[Changed]:  # noqa: A002
        """`tasks.cancelTask`: send up to 100 orders that are under review back to be done again. SETTLE.

        ``text`` (at most 5,000 characters) is required for exactly one order; the marketplace drops it for several,
        so it is refused here rather than lost.
        """
        issues = [*identifiers("id", id, MOST), *length("text", text, COMMENT)]
        if len(id) == 1 and not (text or "").strip():
            issues.append(Issue("text", "is missing; with exactly one order the performer must be told why"))
        if len(id) > 1 and text:
            issues.append(Issue("text", "would be dropped by the marketplace with several orders; leave it out"))
        return self._one(
            "cancelTask",
            Changed,
            {"id": list(id), "text": text},
            effect=Effect.SETTLE,
            at_once=at_once,
            issues=issues,
            lookup=_decided(id),
        )

    def delete_task(self, id: Sequence[Id]) -> Operation[Changed]:  # noqa: A002
        """`tasks.deleteTask`: delete orders that wait for a performer, and drafts. Not within a week after a
        performer was taken off. The answer names those that are gone. SETTLE."""
        params, issues = {"id": list(id)}, identifiers("id", id, MOST)
        return self._one("deleteTask", Changed, params, effect=Effect.SETTLE, issues=issues)

    def extra_paid(
        self,
        id: Id,  # noqa: A002
        count: Money | None = None,
        *,
        note: bool | None = None,
        autopay: AutoPay | None = None,
    ) -> Operation[Paid]:
        """`tasks.extraPaid`: pay extra for an order: ``count`` in whole RUB (at most 3 × its price, which the
        marketplace checks here and `pay_bonus` beforehand), or by the characters too many of the last result
        (``autopay``). ``note``: tell the performer (he is told unless it is False).

        SPEND; READ with `AutoPay.CALCULATE`, which only tells the amount. The answer names no payment, so after a
        lost one this is `OutcomeUnknown`; `pay_bonus` looks at the statement.
        """
        issues = [*identifier("id", id), *rubles("count", count)]
        if count is None and autopay is None:
            issues.append(Issue("count", "is missing; give an amount, or let `autopay` calculate it"))
        return self._one(
            "extraPaid",
            Paid,
            {"id": id, "count": count, "note": note, "autopay": autopay},
            effect=Effect.READ if autopay is AutoPay.CALCULATE else Effect.SPEND,
            issues=issues,
            lookup=Lookup(f"extra pay for the order {id} in the account's statement"),
            pays_for=id,
        )

    def fail_task(self, id: Id, *, copy: bool | None = None, deadline: datetime | None = None) -> Operation[Failed]:  # noqa: A002
        """`tasks.failTask`: take back an overdue order. It stays for two weeks and cannot be deleted.

        ``copy`` publishes a copy of it with a new ``deadline`` (default: 5 days, or 5 hours for an urgent one).
        SETTLE; SPEND with ``copy``, since nothing tells a copy from any other order like it.
        """
        issues = [*identifier("id", id), *due("deadline", deadline, self._now())]
        if deadline is not None and not copy:
            issues.append(Issue("deadline", "is for the copy; without one it has no meaning"))
        return self._one(
            "failTask",
            Failed,
            {"id": id, "copy": copy, **day_and_hour(deadline)},
            effect=Effect.SPEND if copy else Effect.SETTLE,
            issues=issues,
            lookup=Lookup(f"a new order like {id} in your list of orders"),
        )

    def copy_task(self, id: Id, deadline: datetime | None = None) -> Operation[Copied]:  # noqa: A002
        """`tasks.copyTask`: publish a copy of an order at once, without its automatic acceptance and multiplicity.

        SPEND; nothing tells a copy from any other order like it, so a lost answer is `OutcomeUnknown`.
        """
        return self._one(
            "copyTask",
            Copied,
            {"id": id, **day_and_hour(deadline)},
            effect=Effect.SPEND,
            issues=[*identifier("id", id), *due("deadline", deadline, self._now())],
            lookup=Lookup(f"a new order like {id} in your list of orders"),
        )

    def set_deadline(self, id: Id, deadline: datetime, *, public: bool | None = None) -> Operation[DeadlineSet]:  # noqa: A002
        """`tasks.setDeadline`: a new deadline, at most 90 days ahead; brings an overdue order back into work, and
        with ``public`` publishes a draft, which takes money. SETTLE."""
        return self._one(
            "setDeadline",
            DeadlineSet,
            {"id": id, **day_and_hour(deadline), "public": public},
            effect=Effect.SETTLE,
            costs=public,
            issues=[*identifier("id", id), *due("deadline", deadline, self._now())],
            pays_for=id,
        )

    def save_comment(self, id: Id, text: str, *, hide: bool | None = None) -> Operation[Commented]:  # noqa: A002
        """`tasks.saveComment`: add a comment (1 to 2,048 characters) to an order; ``hide`` hides its text.

        SPEND, as each repetition is one more comment; free. After a lost answer the order's comments tell, unless the
        text is hidden.
        """
        look_for = f"your comment on the order {id}"
        lookup: Lookup[Commented] = Lookup(look_for)
        if not hide:
            lookup = Lookup(look_for, lambda since, _: self._commented(id, text, since))
        return self._one(
            "saveComment",
            Commented,
            {"id": id, "text": text, "hide": hide},
            effect=Effect.SPEND,
            costs=False,
            issues=[*identifier("id", id), *length("text", text, 2048, 1)],
            lookup=lookup,
        )

    def _commented(self, order_id: Id, text: str, since: datetime | None) -> Flow[Commented | None]:
        comments = yield from every(self.view_notes([order_id]), whole=True)
        same = [each for each in comments if each.text == text]
        for each in same:
            if since is not None and each.date is not None and each.date >= since - CLOCKS:
                return Commented(id=int(order_id), id_comment=each.id, raw=each.raw)
        if same:
            raise Conflict(f"The order {order_id} has the same comment from earlier, or by a clock that differs.")
        return None

    def send_note_fail(self, id: Id, text: str) -> Operation[TicketMade]:  # noqa: A002
        """`tasks.sendNoteFail`: ask the marketplace's staff, by a ticket, to take the performer off an order that is
        under review and for which something was handed in. ``text``: why.

        SPEND, as each repetition is one more ticket; free. Tickets cannot be listed, so a lost answer is
        `OutcomeUnknown`.
        """
        issues = [*identifier("id", id), *([] if text.strip() else [Issue("text", "is empty; say why")])]
        return self._one(
            "sendNoteFail",
            TicketMade,
            {"id": id, "text": text},
            effect=Effect.SPEND,
            costs=False,
            issues=issues,
            lookup=Lookup(f"a ticket about the order {id} in your feedback at the marketplace"),
        )


def _decided(ids: Sequence[Id]) -> Lookup[Changed]:
    """What a person looks at after a lost decision."""
    shown = ", ".join(map(str, ids[:5])) + (" …" if len(ids) > 5 else "")
    return Lookup(f"the order {shown}: whether its work was decided on")


def upload_of(file: Upload | Path | None) -> Upload | None:
    """A file to send, with a content type by its name."""
    if file is None or isinstance(file, Upload):
        return file
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Upload(file.name, file, kind)


def upload_issues(where: str, file: Upload | Path | None) -> list[Issue]:
    path = file.content if isinstance(file, Upload) else file
    if isinstance(path, Path) and not path.is_file():
        return [Issue(where, f"there is no file {path.name!r} at its path")]
    return [Issue(where, "is empty")] if isinstance(path, bytes) and not path else []
