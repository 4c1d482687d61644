"""`diff`, `correction`, `detector`: texts compared, corrected and checked."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from crowdhub.errors import Issue
from crowdhub.protocol import Effect, LenientDecimal, LenientText, Lookup, Operation, Page, WireModel
from crowdhub_etxt.codes import Correctable
from crowdhub_etxt.decoding import When
from crowdhub_etxt.encoding import Id, day_and_hour, due, identifier, length
from crowdhub_etxt.functions.base import Functions
from crowdhub_etxt.functions.records import Named


class Comparison(WireModel):
    """``result``: how much of the texts is alike, in per cent; ``text`` and ``source``: both, marked up."""

    result: LenientDecimal = None
    text: LenientText = None
    source: LenientText = None


class CheckResult(WireModel):
    """A check of a text. What ``status`` and ``data`` may be is not in the documentation: both are as they came."""

    status: LenientText = None
    url: LenientText = None
    data: object = None


class Check(WireModel):
    """A check in the history."""

    id: int
    status: LenientText = None
    date: When = None
    url: LenientText = None


class Diff(Functions):
    family = "diff"

    def compare_text(self, source: str, text: str) -> Operation[Comparison]:
        """`diff.compareText`: how alike two texts of 30 to 20,000 characters are. READ."""
        issues = [*length("source", source, 20_000, 30), *length("text", text, 20_000, 30)]
        return self._one("compareText", Comparison, {"source": source, "text": text}, issues=issues)


class Correction(Functions):
    family = "correction"

    def add(
        self,
        title: str,
        text: str,
        *,
        description: str | None = None,
        id_folder: Id | None = None,
        deadline: datetime | None = None,
    ) -> Operation[Named]:
        """`correction.add`: order the correction of a text. ``deadline``: a day from now unless it is later.

        SPEND; corrections cannot be listed, so a lost answer is `OutcomeUnknown`.
        """
        issues = [Issue(where, "is empty") for where, value in (("title", title), ("text", text)) if not value.strip()]
        issues += [*identifier("id_folder", id_folder), *due("deadline", deadline, self._now())]
        return self._one(
            "add",
            Named,
            {
                "title": title,
                "description": description,
                "text": text,
                "id_folder": id_folder,
                **day_and_hour(deadline),
            },
            effect=Effect.SPEND,
            issues=issues,
            lookup=Lookup(f"a correction titled {title!r} in your corrections at the marketplace"),
        )

    def import_(
        self,
        type: Correctable,  # noqa: A002
        id_object: Id,
        *,
        object_type: Literal["file"] | None = None,
        deadline: datetime | None = None,
    ) -> Operation[Named]:
        """`correction.import`: order the correction of an order's result or of an article.

        For `Correctable.ORDER`, ``id_object`` is the id of the **result**. ``object_type="file"`` takes the attached
        file before the text. SPEND; corrections cannot be listed, so a lost answer is `OutcomeUnknown`.
        """
        return self._one(
            "import",
            Named,
            {"type": type, "id_object": id_object, "object_type": object_type, **day_and_hour(deadline)},
            effect=Effect.SPEND,
            issues=[*identifier("id_object", id_object), *due("deadline", deadline, self._now())],
            lookup=Lookup(
                f"a correction of the {type.name.lower()} {id_object} in your corrections at the marketplace"
            ),
        )


class Detector(Functions):
    family = "detector"

    def send(
        self,
        type: str,  # noqa: A002
        text: str,
        *,
        method: int | None = None,
        send: bool | None = None,
        paid: int | None = None,
    ) -> Operation[Named]:
        """`detector.send`: check a text for uniqueness or for having been written by a machine.

        The values of ``type``, ``method`` (the way of checking) and ``paid`` (the way of paying) are not in the
        documentation: they are sent as given. ``send`` tells you when it is done. This ``method`` has the name of
        the parameter that names the function; it travels in the body, that one in the address.

        SPEND; the history shows no text by which to find a check, so a lost answer is `OutcomeUnknown`.
        """
        return self._one(
            "send",
            Named,
            {"type": type, "text": text, "method": method, "send": send, "paid": paid},
            effect=Effect.SPEND,
            issues=[Issue(where, "is empty") for where, value in (("type", type), ("text", text)) if not value.strip()],
            lookup=Lookup("a check of that moment in `detector.history`"),
        )

    def result(self, id: Id) -> Operation[CheckResult]:  # noqa: A002
        """`detector.result`: what a check found. READ."""
        return self._run("result", CheckResult.read, {"id": id}, issues=identifier("id", id))

    def history(self) -> Operation[Page[Check]]:
        """`detector.history`: the account's checks. READ."""
        return self._many("history", Check, {})
