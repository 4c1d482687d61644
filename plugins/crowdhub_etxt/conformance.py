"""eTXT, as the conformance kit has to know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from crowdhub.model import Money, Submission, TaskDraft
from crowdhub.protocol import AnyProvider, Flow, OperationRun
from crowdhub.testing import CampaignPlan, DemoPlan, HandedIn, LostAnswer, Subject
from crowdhub_etxt.options import EtxtOptions

if TYPE_CHECKING:
    from crowdhub_etxt.sandbox import EtxtSandbox

TEXT, COMMENT = "Tea grows in hot and wet countries. " * 10, "With two sources at the end."
PHOTO = b"\x89PNG a photograph"


def _at_once(provider: AnyProvider, draft: TaskDraft) -> Flow[object]:
    """An order that is public from the start, with no draft before it."""
    with OperationRun(provider.publish(draft)) as run:
        call = run.start()
    assert call is not None
    assert call.form is not None
    form = call.form.items() if isinstance(call.form, Mapping) else call.form
    public = [(name, "1" if name == "public" else value) for name, value in form]
    reply = yield replace(call, form=public, costs=True)
    return reply.content


def _hand_in(sandbox: EtxtSandbox, task_id: str, count: int) -> None:
    """Anybody, also somebody who has other orders of the account; of a multiple order, each makes one of his own."""
    for _ in range(count):
        _ = sandbox.hand_in(task_id)


UNIQUE = Decimal(90)
FIGURE = "per_antiplagiat"  # eTXT's own figure of how unlike other texts this one is


def _judge(work: Submission) -> str | None:
    unique = (work.quality or {}).get(FIGURE)
    if unique is None or unique >= UNIQUE:
        return None
    return f"Only {unique:f} % of it is unlike other texts; {UNIQUE} % are needed."


class EtxtSubject(Subject["EtxtSandbox"]):
    """Single orders: of a multiple one each application makes an order of its own."""

    provider = "etxt"
    sandbox_options: ClassVar[Mapping[str, object]] = {"balance": "1000000", "work_rate": 0}
    readings: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "other": {  # the second way of all that the documentation leaves open or allows in two
            "numbers_as_text": False,
            "empty_maps_as_lists": False,
            "empty_lists_refused": False,
            "records_by_id": True,
            "only_id_as_records": True,
            "files_by_kind": True,
            "figures_in_files": True,
            "texts_in_cp1251": True,
            "deadline_as_text": True,
            "partial_edit": True,
            "auth_shape": "plain",
            "auth_status": 403,
        }
    }
    tasks_rows = 100
    most_slots = 1
    rejection_is_final = False  # of work under review: a ticket, on which the staff decide
    values: ClassVar[Mapping[str, object]] = {
        "deadline": timedelta(days=9),
        "category": "2",
        "reward": Money(70, "RUB"),
    }

    campaign = CampaignPlan(
        slots=4,
        hand_in=_hand_in,
        sandbox={"balance": "10000000"},
        why_unknown="eTXT does not promise that a bonus shows in the statement at once, and a bonus carries no mark of "
        "ours, so one whose answer is lost and that is not listed may still be on its way",
        naive=_at_once,
    )

    demo = DemoPlan(
        reward=Money(40, "RUB"),
        slots=8,
        options=(EtxtOptions(id_category=6, size=300),),
        judge=_judge,
        scripted=True,
        # The first saveTask makes a draft, which costs nothing; the second publishes it.
        lost=(
            LostAnswer(r"tasks\.saveTask$", skip=1),
            LostAnswer(r"tasks\.paidTask$"),
            LostAnswer(r"tasks\.extraPaid$"),
        ),
        singly=0,
        how="up to 100 orders in a request",
        bonus=Money(15, "RUB"),
        sandbox={"work_rate": 10, "work_hours": 1, "poor_share": 0.4},
    )

    def draft(self) -> TaskDraft:
        return TaskDraft(
            title="A text about tea",
            instructions="Where it grows and how it is made, for people who do not know it.",
            reward=Money(50, "RUB"),
            category="1",
            deadline=timedelta(days=5),
            options=[EtxtOptions(size=300)],
        )

    def bonus(self, submission: Submission, currency: str) -> Money:
        del submission
        return Money(10, currency)

    def hand_in(self, sandbox: EtxtSandbox, task_id: str, count: int = 1) -> None:
        for _ in range(count):
            remark = sandbox.apply(task_id, _somebody_new(sandbox, task_id))
            _ = sandbox.accept(remark.application)
            _ = sandbox.hand_in(task_id, TEXT, {"photo.png": PHOTO}, comment=COMMENT)

    def hand_in_by(self, sandbox: EtxtSandbox, task_id: str, worker_id: str) -> None:
        remark = sandbox.apply(task_id, worker_id)
        _ = sandbox.accept(remark.application)
        _ = sandbox.hand_in(task_id, TEXT, {"photo.png": PHOTO}, comment=COMMENT)

    def hand_in_again(self, sandbox: EtxtSandbox, submission: Submission) -> None:
        _ = sandbox.hand_in(submission.id, TEXT, {"photo.png": PHOTO}, comment=COMMENT)

    def apply(self, sandbox: EtxtSandbox, task_id: str, count: int = 1) -> None:
        for _ in range(count):
            _ = sandbox.apply(task_id)

    def published(self, sandbox: EtxtSandbox, task_id: str) -> Mapping[str, object] | None:
        order = sandbox.order(task_id)
        if not order.was_public:
            return None
        terms = order.terms
        return {
            "title": terms.title,
            "instructions": terms.description,
            "proof": terms.description,
            "reward": Money(terms.cost, "RUB"),
            "slots": max(terms.multicount, 1),
            "category": str(terms.id_category),
            "image": terms.file.content if terms.file is not None else None,
            "deadline": terms.deadline,
        }

    def handed_in(self, sandbox: EtxtSandbox, submission: Submission) -> HandedIn:
        last = sandbox.results(submission.id)[-1]
        return HandedIn(text=last.comment, files=[last.text.encode(), *(each.content for each in last.files)])

    def told(self, sandbox: EtxtSandbox, submission: Submission) -> str | None:
        order = sandbox.order(submission.id)
        said = [*(each.text for each in order.remarks if each.user == order.customer.id), *order.tickets]
        return said[-1] if said else None

    def messages(self, sandbox: EtxtSandbox, worker_id: str) -> Sequence[str]:
        pairs = [(who.id, each) for who in sandbox.world.customers.values() for each in who.letters]
        return [each.text for customer, each in pairs if (each.author, each.peer) == (customer, int(worker_id))]


def _somebody_new(sandbox: EtxtSandbox, task_id: str) -> int:
    """A performer with no other order of the account: of one who has several, payments cannot be told apart."""
    order, busy = sandbox.order(task_id), {each.performer for each in sandbox.orders()}
    people, office = sandbox.world.people, sandbox.world.office
    return next(user for user in people.ids if user not in busy and office.may_apply(order, people.person(user)))
