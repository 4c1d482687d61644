"""Bugs in what the other providers lack: two steps, amounts in cents, bonuses, one path for everything."""

from __future__ import annotations

from functools import partial

from crowdhub.testing.mutants.bug import ONEDOOR, P, W
from crowdhub.testing.mutants.bug import Bug as AnyBug

Bug = partial(AnyBug, provider=ONEDOOR)
PAID = 'self._call("PayGrant", Effect.SPEND, grant=grant.id, comment=reason)'

BUGS: tuple[AnyBug, ...] = (
    Bug(
        "a paying call declared to be repeatable: a bonus is paid twice",
        P,
        PAID,
        PAID.replace("SPEND", "SETTLE"),
        "money",
        short=True,
    ),
    Bug(
        "the same, with its costs told",
        P,
        PAID,
        PAID.replace("Effect.SPEND", "Effect.SETTLE, costs=True"),
        "money",
    ),
    Bug(
        "a bonus a hundred times too large",
        P,
        "cents=amount.minor, token=reference",
        "cents=amount.minor * 100, token=reference",
        "capabilities",
    ),
    Bug(
        "a second, equal bonus never paid",
        P,
        "        grant = wire.Grant.read(opened)\n",
        (
            "        grant = wire.Grant.read(opened)\n"
            '        listed = yield self._call("ListGrants", work=submission.id)\n'
            "        if any(each.paid and each.cents == amount.minor for each in read_each(_rows(listed),"
            " wire.Grant.parse)[0]):\n"
            "            return submission.copy_with(replayed=True)\n"
        ),
        "money",
    ),
    Bug(
        "a bonus of another submission found",
        P,
        "if each.paid and each.token == reference and each.cents == amount.minor:",
        "if each.paid:",
        "capabilities",
    ),
    Bug(
        "publishing that pays by two calls",
        P,
        """            costs=False,
            title=draft.title,
""",
        """            title=draft.title,
""",
        "capabilities",
    ),
    Bug(
        "a draft found as published",
        P,
        "                and task.status is not TaskStatus.DRAFT\n",
        "",
        "money",
    ),
    Bug(
        "what publishing takes not declared",
        P,
        '"StartTask", Effect.SETTLE, costs=True',
        '"StartTask", Effect.SETTLE',
        "capabilities",
    ),
    Bug(
        "what more places take not declared",
        P,
        '"SetPlaces", Effect.SETTLE, costs=True',
        '"SetPlaces", Effect.SETTLE',
        "capabilities",
    ),
    Bug(
        "more places asked for each time anew",
        P,
        "places=(now.slots or 0) + (slots or 0)",
        "places=(now.slots or 0) + (slots or 0) + 1",
        "capabilities",
    ),
    Bug(
        "the category of a rejection not sent",
        P,
        "category = options.category if options else None",
        "category = None",
        "capabilities",
    ),
    Bug(
        "a draft made again for each lost answer",
        P,
        '"CreateTask",\n            Effect.SPEND,',
        '"CreateTask",\n            Effect.SETTLE,',
        "spoiled",
    ),
    Bug(
        "the price of a task in whole units",
        P,
        "cents=draft.reward.minor if draft.reward else None",
        "cents=int(draft.reward.amount * 10) if draft.reward else None",
        "capabilities",
    ),
    Bug(
        "a message written twice",
        P,
        '"Write", Effect.SPEND, costs=False',
        '"Write", Effect.SETTLE',
        "spoiled",
    ),
    Bug(
        "a message with another text",
        P,
        "worker=worker_id, text=text",
        "worker=worker_id, text=text.lower()",
        "capabilities",
    ),
    Bug(
        "paused, but still on the market",
        P,
        'self._call("Pause"',
        'self._call("Resume"',
        "capabilities",
    ),
    Bug(
        "files at links that were not asked for",
        P,
        "return file.copy_with(url=url)",
        "return file",
        "arrival",
    ),
    Bug(
        "the comment of an approval not sent",
        P,
        "work=submission.id, comment=note",
        "work=submission.id, comment=None",
        "arrival",
    ),
    Bug(
        "a record that is left out counted as never read",
        P,
        "return Page(kept, more=more, unreadable=bad, read=len(items) + len(bad), stable=True)\n\n    @operation\n"
        "    def submissions",
        "return Page(kept, more=more, unreadable=bad, read=0, stable=True)\n\n    @operation\n    def submissions",
        "paging",
    ),
    Bug(
        "the sealing key in a header",
        P,
        'return {"X-Seal": ',
        'return {"X-Trace": self.settings.key.get_secret_value(), "X-Seal": ',
        "secrets",
    ),
    Bug(
        "the free places and the waiting work mixed up",
        W,
        "pending=self.waiting",
        "pending=self.free",
        "arrival",
    ),
    Bug(
        "an operation that is no operation",
        P,
        "    @operation\n    def message(",
        "    def tell(self, text: str) -> Flow[None]:\n"
        '        _ = yield self._call("GetBalance")\n\n'
        "    @operation\n    def message(",
        "capabilities",
    ),
    Bug(
        "a commission rounded down",
        P,
        "return no_call(Quote.of(work, Money(work.amount * FEE / 100, self.currency).rounded_up()))",
        "return no_call(Quote.of(work, Money.from_minor(int(work.amount * FEE), self.currency)))",
        "amounts",
    ),
    Bug(
        "cents by a float",
        P,
        "cents=draft.reward.minor if draft.reward else None",
        "cents=int(float(draft.reward.amount) * 100) if draft.reward else None",
        "amounts",
    ),
)
