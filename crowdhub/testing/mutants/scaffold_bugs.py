"""Bugs in the scaffolded provider."""

from __future__ import annotations

from crowdhub.testing.mutants.bug import Bug, P, W

SETTLING = '        reply = yield Call.post(f"{path}/{verb}", json={"comment": comment}, effect=Effect.SETTLE)\n'

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
        "return (yield from first_match(self.tasks(), is_it, whole=True))",
        "return (yield from no_call(None)) if callable(is_it) else None",
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
        "return draft.reference is not None and task.reference == draft.reference",
        "return task.title == draft.title",
        "capabilities",
    ),
    Bug(
        "a settling declared as reading",
        P,
        'Call.post(f"{path}/{verb}", json={"comment": comment}, effect=Effect.SETTLE)',
        'Call.post(f"{path}/{verb}", json={"comment": comment}, effect=Effect.READ)',
        "capabilities",
    ),
    Bug(
        "an error swallowed",
        P,
        "    # --- publishing\n",
        "    def error(self, call, response):\n        return None\n\n    # --- publishing\n",
        "errors",
    ),
    Bug(
        "a conflict swallowed",
        P,
        SETTLING,
        (
            "        try:\n"
            f"    {SETTLING}"
            "        except CrowdhubError:\n"
            "            return submission.copy_with(status=SubmissionStatus(verb.rstrip('e') + 'ed'))\n"
        ),
        "settling",
    ),
    Bug(
        "`replayed` not set: what is settled already is handed on as refused",
        W,
        ', "settled": Conflict}',
        "}",
        "settling",
    ),
    Bug(
        "a lost answer to a settling not looked after",
        P,
        '        reply = yield Call.get(f"/submissions/{path_segment(submission.id)}")\n',
        '        return None\n        reply = yield Call.get(f"/submissions/{path_segment(submission.id)}")\n',
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
        'found.append(Issue("instructions", "are empty; the marketplace requires them"))',
        (
            'found.append(Issue("instructions", "are empty"))\n'
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
        "from crowdhub.errors import CrowdhubError, InvalidRequest, Issue\n",
        "import httpx as _httpx\n\nfrom crowdhub.errors import CrowdhubError, InvalidRequest, Issue\n",
        "source",
    ),
    Bug(
        "a capability that is only claimed",
        P,
        "    # --- settling\n",
        (
            "    @operation\n"
            "    def pause(self, task_id: str) -> Flow[Task]:\n"
            '        raise self._unsupported("pause")\n'
            "        yield\n"
            "\n"
            "    # --- settling\n"
        ),
        "capabilities",
    ),
    Bug(
        "a field that is declared and left out",
        P,
        '"reward", "slots"},',
        '"reward", "slots", "language"},',
        "arrival",
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
        "from decimal import Decimal\n\nfrom {module}.sandbox.state import Refusal as _Refusal\n",
        "source",
    ),
    Bug(
        "a balance that is remembered",
        P,
        "return Money(wire.Balance.read(reply).balance, self.currency)",
        (
            'known = vars(self).setdefault("known", Money(wire.Balance.read(reply).balance, self.currency))\n'
            "        return known"
        ),
        "amounts",
    ),
    Bug(
        "a second paying call where several places are published",
        P,
        'reply = yield Call.post("/tasks", json=body, effect=Effect.SPEND)\n',
        (
            'reply = yield Call.post("/tasks", json=body, effect=Effect.SPEND)\n'
            "        if draft.slots > 1:\n"
            '            path = f"/tasks/{self._task(load_json(reply)).id}/boost"\n'
            '            _ = yield Call.post(path, json={"days": 1, "memo": draft.reference}, effect=Effect.SPEND)\n'
        ),
        "amounts",
    ),
    Bug(
        "a reward cut off behind its first decimal",
        P,
        'f"{draft.reward.amount:f}"',
        'f"{draft.reward.amount * 10 // 1 / 10:f}"',
        "amounts",
    ),
    Bug(
        "what is not there at once taken for never done",
        P,
        "    rate_limits = (RateLimit(6000, 3600),)\n",
        ('    rate_limits = (RateLimit(6000, 3600),)\n    settles_within = __import__("datetime").timedelta(0)\n'),
        "money",
    ),
    Bug(
        "an unknown code in a good answer taken for a refusal",
        P,
        "        if error is None or kind is None:\n            return error\n",
        (
            '        if error is None and (mapping(load_json(response)) or {}).get("code"):\n'
            '            return InvalidRequest("The marketplace refused it.")\n'
            "        if error is None or kind is None:\n"
            "            return error\n"
        ),
        "errors",
    ),
)
