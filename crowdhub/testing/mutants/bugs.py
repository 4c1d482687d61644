"""The deliberate bugs: each is one edit of a provider's source, and the test file that is expected to see it first."""

from __future__ import annotations

from dataclasses import dataclass

SCAFFOLD, RAPIDWORKERS = "mutant-market", "rapidworkers"


@dataclass(frozen=True, slots=True)
class Bug:
    """``old`` becomes ``new`` in ``file``, where it must stand exactly once. ``short``: part of the short run."""

    name: str
    file: str
    old: str
    new: str
    seen_by: str
    provider: str = SCAFFOLD
    short: bool = False


P, W = "provider.py", "wire.py"

BUGS: tuple[Bug, ...] = (
    Bug(
        "a wrong verb",
        P,
        'Call.get("/balance")',
        'Call.post("/balance", effect=Effect.READ)',
        "capabilities",
    ),
    Bug(
        "a wrong path",
        P,
        'f"/tasks/{task_id}/submissions"',
        'f"/task/{task_id}/submissions"',
        "capabilities",
    ),
    Bug(
        "a spend that is repeated",
        P,
        'Call.post("/tasks", json=body, effect=Effect.SPEND)',
        'Call.post("/tasks", json=body, effect=Effect.SETTLE)',
        "money",
        short=True,
    ),
    Bug(
        "a spend declared as reading",
        P,
        'Call.post("/tasks", json=body, effect=Effect.SPEND)',
        'Call.post("/tasks", json=body, effect=Effect.READ)',
        "money",
    ),
    Bug(
        "a lost spend that is sent again without a look",
        P,
        "lambda _, delay: self._look(draft, delay)",
        "lambda _, delay: nothing(None)",
        "money",
    ),
    Bug(
        "publishing without the reference",
        P,
        '"memo": draft.reference',
        '"memo": None',
        "capabilities",
        short=True,
    ),
    Bug(
        "a look-up by the title",
        P,
        "draft.reference is not None and task.reference == draft.reference",
        "task.title == draft.title",
        "capabilities",
    ),
    Bug(
        "a settling declared as reading",
        P,
        'Call.post(f"{path}/{verb}", json={"words": words}, effect=Effect.SETTLE)',
        'Call.post(f"{path}/{verb}", json={"words": words}, effect=Effect.READ)',
        "capabilities",
    ),
    Bug(
        "an error swallowed",
        P,
        "    # --- publishing\n",
        ("    def error(self, call: Call, response: Any) -> None:\n        return None\n\n    # --- publishing\n"),
        "errors",
    ),
    Bug(
        "a conflict swallowed",
        P,
        "if actual.status is not wanted:",
        "if False:",
        "settling",
    ),
    Bug(
        "`replayed` not set",
        P,
        ("            return actual.copy_with(replayed=True)\n        return"),
        ("            return actual\n        return"),
        "settling",
    ),
    Bug(
        "a lost answer to a settling not looked after",
        P,
        "except (Conflict, OutcomeUnknown) as",
        "except Conflict as",
        "settling",
    ),
    Bug(
        "money as a float",
        P,
        "Money(wire.Balance.read(reply).balance, self.currency)",
        "Money(str(float(wire.Balance.read(reply).balance) / 3 * 3.1), self.currency)",
        "capabilities",
    ),
    Bug(
        "a float among the figures",
        P,
        ('data = mapping(load_json(reply)) or {}\n        items, bad = read_each(data.get("tasks")'),
        (
            'data = {**reply.json(), "tasks": [{**t, "zz": 0.1} for t in reply.json()["tasks"]]}\n'
            '        items, bad = read_each(data.get("tasks")'
        ),
        "capabilities",
    ),
    Bug(
        "a wrong currency",
        W,
        'CURRENCY = "USD"',
        'CURRENCY = "EUR"',
        "capabilities",
    ),
    Bug(
        "pages after the first dropped",
        P,
        'self._submissions(task_id, status, number + 1)) if data.get("more") is True else None',
        "self._submissions(task_id, status, number + 1)) if False else None",
        "paging",
        short=True,
    ),
    Bug(
        "pages repeated",
        P,
        "self._tasks(status, number + 1)",
        "self._tasks(status, max(number, 2) - 1 + number // 2)",
        "paging",
    ),
    Bug(
        "a page skipped",
        P,
        "self._submissions(task_id, status, number + 1)",
        "self._submissions(task_id, status, number + 2)",
        "paging",
    ),
    Bug(
        "the status asked for ignored",
        P,
        '| ({"status": wire.WORK_WORDS[status]} if status else {})',
        '| ({"status": ""} if False else {})',
        "paging",
    ),
    Bug(
        "the key in the path",
        P,
        'yield Call.get("/balance")',
        'yield Call.get(f"/balance?key={self.settings.api_key.get_secret_value()}")',
        "secrets",
        short=True,
    ),
    Bug(
        "the key in a log line",
        P,
        'found.append(Fault("instructions", "are empty; the marketplace requires them"))',
        (
            'found.append(Fault("instructions", "are empty"))\n'
            "        if self.settings.api_key.get_secret_value() and draft.slots == 1:\n"
            "            import logging\n"
            "\n"
            '            logging.getLogger("plugin").debug("as %s", self.settings.api_key.get_secret_value())'
        ),
        "secrets",
    ),
    Bug(
        "the key where no recording looks for it",
        P,
        'CredentialPlaces(headers=("Authorization",))',
        "CredentialPlaces()",
        "secrets",
    ),
    Bug(
        "`raw` lost",
        W,
        ("            reference=self.memo,\n            raw=self.raw,\n"),
        "            reference=self.memo,\n",
        "capabilities",
    ),
    Bug(
        "members of the answer lost from `raw`",
        W,
        ("submitted_at=self.submitted_at,\n            raw=self.raw,"),
        ('submitted_at=self.submitted_at,\n            raw={"id": self.id},'),
        "tolerance",
    ),
    Bug(
        "a naive time",
        P,
        "return wire.TaskRow.parse(row).to_task(self.identity)",
        (
            "made = wire.TaskRow.parse(row).to_task(self.identity)\n"
            "        return made.copy_with(created_at=made.created_at and made.created_at.replace(tzinfo=None))"
        ),
        "capabilities",
    ),
    Bug(
        "somebody else's task",
        W,
        ("            **identity,\n            id=self.id,\n            title"),
        ('            **{**identity, "account": "other"},\n            id=self.id,\n            title'),
        "capabilities",
    ),
    Bug(
        "a new status that crashes",
        W,
        'TASK_STATUS.get(self.status or "", TaskStatus.UNKNOWN)',
        'TASK_STATUS[self.status or ""]',
        "tolerance",
    ),
    Bug(
        "a new status taken for settled",
        W,
        'WORK_STATUS.get(self.status or "", SubmissionStatus.UNKNOWN)',
        'WORK_STATUS.get(self.status or "", SubmissionStatus.APPROVED)',
        "tolerance",
    ),
    Bug(
        "a missing member that crashes",
        P,
        'items, bad = read_each(data.get("submissions"), self._submission)',
        'items, bad = [self._submission(row) for row in data["submissions"]], ()',
        "tolerance",
    ),
    Bug(
        "a flow that is dropped",
        P,
        '        path = f"/submissions/{path_segment(submission.id)}"\n',
        ('        path = f"/submissions/{path_segment(submission.id)}"\n        self.balance()\n'),
        "source",
        short=True,
    ),
    Bug(
        "a flow that goes on when it is closed",
        P,
        '        reply = yield Call.get("/balance")\n',
        (
            "        try:\n"
            '            reply = yield Call.get("/balance")\n'
            "        except BaseException:\n"
            '            reply = yield Call.get("/balance")\n'
        ),
        "capabilities",
    ),
    Bug(
        "an HTTP library of its own",
        P,
        "from pydantic import SecretStr\n",
        ("import httpx as _httpx\nfrom pydantic import SecretStr\n"),
        "source",
    ),
    Bug(
        "a capability that is only claimed",
        P,
        "    # --- settling\n",
        (
            "    def cancel(self, task_id: str) -> Flow[Task]:\n"
            '        raise self._unsupported("cancel")\n'
            "        yield\n"
            "\n"
            "    # --- settling\n"
        ),
        "capabilities",
    ),
    Bug(
        "a field that is declared and left out",
        P,
        '"reward", "slots"})',
        '"reward", "slots", "language"})',
        "input",
    ),
    Bug(
        "bad input that is sent anyway",
        P,
        "        found = super().draft_issues(draft)\n",
        "        found = []\n",
        "input",
    ),
    Bug(
        "an id that leads elsewhere",
        P,
        'f"/tasks/{path_segment(task_id)}"',
        'f"/tasks/{task_id}"',
        "input",
    ),
    Bug(
        "the sandbox's code used by the client",
        W,
        "from decimal import Decimal\n",
        ("from decimal import Decimal\n\nfrom {module}.sandbox import Refusal as _Refusal\n"),
        "source",
    ),
    Bug(
        "RapidWorkers: a spend that is repeated",
        P,
        'Call.post("/jobs/add", effect=Effect.SPEND',
        'Call.post("/jobs/add", effect=Effect.SETTLE',
        "money",
        RAPIDWORKERS,
    ),
    Bug(
        "RapidWorkers: publishing without the mark",
        P,
        "mark(draft.instructions, draft.reference)",
        "mark(draft.instructions, None)",
        "capabilities",
        RAPIDWORKERS,
    ),
    Bug(
        "RapidWorkers: pages after the first dropped",
        P,
        "number + 1)) if follows else None",
        "number + 1)) if False else None",
        "paging",
        RAPIDWORKERS,
    ),
    Bug(
        "RapidWorkers: too little money taken for bad data",
        P,
        "return InsufficientFunds(",
        "return InvalidRequest(",
        "errors",
        RAPIDWORKERS,
    ),
    Bug(
        "RapidWorkers: what is settled already taken for bad data",
        P,
        'return Conflict(f"The marketplace refused it: {words}", **evidence)',
        "return None",
        "settling",
        RAPIDWORKERS,
    ),
    Bug(
        "RapidWorkers: the other way taken for done",
        "review.py",
        "if actual.status is not wanted:",
        "if False:",
        "settling",
        RAPIDWORKERS,
    ),
    Bug(
        "RapidWorkers: the key in a log line",
        P,
        '        reply = yield Call.post("/account/get_balance"',
        (
            '        __import__("logging").getLogger("x").info(self.settings.api_key.get_secret_value())\n'
            '        reply = yield Call.post("/account/get_balance"'
        ),
        "secrets",
        RAPIDWORKERS,
    ),
    Bug(
        "RapidWorkers: work approved that nobody looked at",
        "review.py",
        "if page.unreadable or any(each.id not in decided for each in page.items):",
        "if page.unreadable:",
        "settling",
        RAPIDWORKERS,
    ),
    Bug(
        "RapidWorkers: a bulk approval repeated without a look",
        "review.py",
        "return (yield from self._after_lost(task_id, decisions))",
        "reply = yield Call.post(path, json={}, effect=Effect.SETTLE)",
        "settling",
        RAPIDWORKERS,
    ),
)
"""Those of the scaffolded provider first, then the same kinds of bug in one that is used for real."""
