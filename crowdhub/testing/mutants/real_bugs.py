"""The same kinds of bug in providers that are used for real."""

from __future__ import annotations

from crowdhub.testing.mutants.bug import CROWDSDOM, ETXT, RAPIDWORKERS, Bug, P, W

BUGS: tuple[Bug, ...] = (
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
        'return Conflict(f"The marketplace refused it: {words}"',
        'return InvalidRequest(f"The marketplace refused it: {words}"',
        "settling",
        RAPIDWORKERS,
    ),
    Bug(
        "RapidWorkers: the other way taken for done",
        "review.py",
        "        reply = yield Call.post(path, json=body, effect=Effect.SETTLE)\n",
        (
            "        try:\n"
            "            reply = yield Call.post(path, json=body, effect=Effect.SETTLE)\n"
            "        except Exception:\n"
            "            return submission.copy_with(status=status)\n"
        ),
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
        "        except OutcomeUnknown:\n            return (yield from self._after_lost(now, decisions))",
        "        except OutcomeUnknown:\n            reply = yield Call.post(path, json={}, effect=Effect.SETTLE)",
        "settling",
        RAPIDWORKERS,
    ),
    Bug(
        "RapidWorkers: texts of submissions lost",
        W,
        '"text": get("proof_text") if "proof_text" in row else get("proofText"),',
        '"text": None,',
        "arrival",
        RAPIDWORKERS,
    ),
    Bug(
        "RapidWorkers: files of submissions lost",
        W,
        "            for image in images\n",
        "            for image in images[1:]\n",
        "arrival",
        RAPIDWORKERS,
    ),
    Bug(
        "RapidWorkers: nonsense counters",
        W,
        '"pending": int_or_none(_either(row, "pendingSubmissions", "pending_submissions")),',
        '"pending": int_or_none(_either(row, "approvedSubmissions", "approved_submissions")),',
        "arrival",
        RAPIDWORKERS,
    ),
    Bug(
        "RapidWorkers: the reason of a rejection not sent",
        "review.py",
        'self._settle(submission, "reject", {"notes": reason}',
        'self._settle(submission, "reject", {"notes": "rejected"}',
        "arrival",
        RAPIDWORKERS,
    ),
    Bug(
        "RapidWorkers: another country",
        P,
        "json.dumps(list(draft.countries))",
        'json.dumps(["DE" for _ in draft.countries])',
        "arrival",
        RAPIDWORKERS,
    ),
    Bug(
        "CrowdSDOM: answers of submissions lost",
        W,
        '"answers": answers,',
        '"answers": None,',
        "arrival",
        CROWDSDOM,
    ),
    Bug(
        "CrowdSDOM: the comment of an approval not sent",
        P,
        'self._settle(submission, "approve", note, ',
        'self._settle(submission, "approve", None, ',
        "arrival",
        CROWDSDOM,
    ),
    Bug(
        "eTXT: a draft taken for a published order",
        "publishing.py",
        "draft, lambda each: not options.public or task_status(each) is not TaskStatus.DRAFT",
        "draft, lambda each: bool(each.id)",
        "money",
        ETXT,
    ),
    Bug(
        "eTXT: an older decision settles what was handed in anew",
        "reviewing.py",
        "if waiting - {this}:",
        "if waiting - waiting:",
        "settling",
        ETXT,
    ),
    Bug(
        "RapidWorkers: another balance read out of the answer to a publish",
        P,
        "return wire.new_balance(response) if",
        "return Money(5, self.currency) if",
        "amounts",
        RAPIDWORKERS,
    ),
    Bug(
        "CrowdSDOM: cancelled by approving what waits",
        P,
        """        doubt: CrowdhubError | None = None
        try:
            call = Call.post(f"/jobs/{path_segment(task_id)}/cancel\"""",
        """        waiting = yield from self.submissions(task_id, SubmissionStatus.PENDING)
        for each in waiting.items:
            _ = yield from self.approve(each)
        doubt: CrowdhubError | None = None
        try:
            call = Call.post(f"/jobs/{path_segment(task_id)}/cancel\"""",
        "amounts",
        CROWDSDOM,
    ),
    Bug(
        "CrowdSDOM: the secret that signs in, where no recording looks for it",
        "access.py",
        'json=("client_id", "client_secret")',
        'json=("client_id",)',
        "secrets",
        CROWDSDOM,
    ),
    Bug(
        "CrowdSDOM: the token in an answer that recordings keep",
        "access.py",
        'answers=("access_token.id", "clientId")',
        'answers=("clientId",)',
        "secrets",
        CROWDSDOM,
    ),
)
