"""tasks.* that decide: applications, results, bonuses, performers taken off; rating.*."""

from decimal import ROUND_HALF_UP, Decimal

from crowdhub_etxt.sandbox.accounts import CENT
from crowdhub_etxt.sandbox.answers import Rows
from crowdhub_etxt.sandbox.asked import FunctionCall, Handler
from crowdhub_etxt.sandbox.functions.task_edits import checked_deadline, chosen_orders, default_deadline
from crowdhub_etxt.sandbox.orders import OrderState, SandboxOrder
from crowdhub_etxt.sandbox.refusal import MAX_LIMIT, NO_ACCESS, NO_OBJECT, NO_PARAMS, EtxtRefusal

RATING_BACK = 50


def set_note(asked: FunctionCall) -> object:
    """tasks.setNote: accept an application."""
    order, remark = asked.office.application(asked.customer, asked.params.integer("id"), asked.now)
    taken = asked.office.accept(order, remark, asked.params.text("comment", 500, public=True), asked.now)
    asked.world.published(taken)
    return {"id_task": taken.id, "id_user": remark.user}


def unset_note(asked: FunctionCall) -> object:
    """tasks.unsetNote: decline an application."""
    order, remark = asked.office.application(asked.customer, asked.params.integer("id"), asked.now)
    if not remark.open:
        raise EtxtRefusal(NO_ACCESS)
    remark.open = False
    return {"id_task": order.id, "id_user": remark.user}


def paid_task(asked: FunctionCall) -> object:
    """tasks.paidTask: the ids that were under review and now are paid; none is an error."""
    text = asked.params.text("text", 5000, public=True)
    done = _under_review(asked)
    for order in done:
        asked.office.approve(order, asked.now)
        _say(asked, order, text)
    return {"status": True, "ids": [order.id for order in done]}


def cancel_task(asked: FunctionCall) -> object:
    """tasks.cancelTask: the words are required for one order, and dropped for several."""
    single = len(asked.params.ids("id")) == 1
    text = asked.params.text("text", 5000, required=single, public=True)
    done = _under_review(asked)
    for order in done:
        asked.office.send_back(order, asked.now)
        _say(asked, order, text if single else "")
        asked.world.published(order)
    return {"status": True, "ids": [order.id for order in done]}


def fail_task(asked: FunctionCall) -> object:
    """tasks.failTask: of an overdue order; the money that comes back pays for the copy."""
    order = asked.order()
    if order.status != OrderState.OVERDUE or order.failed_at is not None:
        raise EtxtRefusal(NO_ACCESS)
    deadline = checked_deadline(asked) or default_deadline(order, asked.now)
    answer: dict[str, object] = {"id": order.id}
    copy = asked.params.flag("copy")
    asked.office.fail(order, asked.now)
    if copy:
        copied = asked.office.copy(order, deadline, asked.now)
        asked.world.published(copied)
        answer["id_copy"] = copied.id
    return {**answer, "rateup": f"{asked.origin}/rateup/{order.id}/{order.performer}"}


def send_note_fail(asked: FunctionCall) -> object:
    """tasks.sendNoteFail: a ticket; the marketplace's people decide (`EtxtSandbox.take_off`)."""
    order, text = asked.order(), asked.params.text("text", required=True)
    if order.status != OrderState.UNDER_REVIEW or not order.results:
        raise EtxtRefusal(NO_ACCESS)
    order.tickets.append(text)
    return {"status": True, "ticket": f"{asked.origin}/tickets/{order.id}-{len(order.tickets)}"}


def extra_paid(asked: FunctionCall) -> object:
    """tasks.extraPaid: at once to the performer, at most three times the order's price a call."""
    params, order = asked.params, asked.order()
    auto = params.choice("autopay", ("get", "pay", ""), "")
    note = params.flag("note", default=True)
    if not order.performer or order.failed_at is not None:
        raise EtxtRefusal(NO_ACCESS)
    due = _for_more_text(order) if auto else Decimal(params.integer("count", least=1))
    if auto == "get":
        return {"status": True, "count": due}
    if not due:
        raise EtxtRefusal(NO_PARAMS)
    if due > order.terms.cost * 3:
        raise EtxtRefusal(MAX_LIMIT)
    reference = f"bonus {next(asked.world.ids)}"
    asked.customer.pay("bonus", order.id, due, order.performer, reference=reference, folder=order.terms.id_folder)
    if note:
        _ = asked.customer.tell(f"Order {order.id}: bonus {due}")
    return {"status": True}


def list_fails(asked: FunctionCall) -> object:
    """rating.listTasksFails, newest first."""
    order, user = asked.params.maybe("id_task"), asked.params.maybe("id_user")
    back = asked.params.integer("back", 0, 0, 2)
    rows = [
        {
            "id_task": fail.order_id,
            "id_user": fail.user,
            "date": fail.date,
            "date_back": fail.date_back or 0,
            "back": fail.date_back is not None,
            "title": fail.title,
        }
        for fail in reversed(asked.customer.fails)
        if order in (None, fail.order_id)
        and user in (None, fail.user)
        and (back == 0 or (fail.date_back is not None) == (back == 1))
    ]
    return Rows(rows)


def rating_back(asked: FunctionCall) -> object:
    """rating.ratingUserBack: once for each fail."""
    order, user = asked.params.integer("id_task"), asked.params.integer("id_user")
    fails = [each for each in asked.customer.fails if (each.order_id, each.user) == (order, user)]
    if not fails:
        raise EtxtRefusal(NO_OBJECT)
    open_fails = [each for each in fails if each.date_back is None]
    if not open_fails:
        raise EtxtRefusal(NO_ACCESS)
    open_fails[-1].date_back = asked.now
    return {"id_task": order, "id_user": user, "rate_back": RATING_BACK}


def _under_review(asked: FunctionCall) -> list[SandboxOrder]:
    """The orders named that can be decided now."""
    found = [order for order in chosen_orders(asked) if order.status == OrderState.UNDER_REVIEW]
    if not found:
        raise EtxtRefusal(NO_ACCESS)
    return found


def _say(asked: FunctionCall, order: SandboxOrder, text: str) -> None:
    if text:
        _ = asked.office.remark(order, asked.customer.id, asked.customer.login, text, asked.now)


def _for_more_text(order: SandboxOrder) -> Decimal:
    """What the characters above the order's size cost, in whole rubles."""
    if not order.results:
        raise EtxtRefusal(NO_ACCESS)
    text = order.results[-1].text
    size = len(text) if order.terms.whitespaces else len("".join(text.split()))
    more = max(0, size - order.terms.size)
    return (order.terms.price_per_1000 * more / 1000).quantize(CENT, ROUND_HALF_UP).to_integral_value(ROUND_HALF_UP)


FUNCTIONS: dict[str, Handler] = {
    "tasks.setNote": set_note,
    "tasks.unsetNote": unset_note,
    "tasks.paidTask": paid_task,
    "tasks.cancelTask": cancel_task,
    "tasks.failTask": fail_task,
    "tasks.sendNoteFail": send_note_fail,
    "tasks.extraPaid": extra_paid,
    "rating.listTasksFails": list_fails,
    "rating.ratingUserBack": rating_back,
}
