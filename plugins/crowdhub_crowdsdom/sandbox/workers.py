"""Scripted workers: they find jobs as time passes, work on them, and answer their forms."""

from datetime import datetime, timedelta
from random import Random

from crowdhub.sandbox.values import JsonObject, is_whole, list_of, object_of
from crowdhub_crowdsdom.sandbox.state import Assignment, Form, Job, JobBoard

_WORDS = ("fine", "clear", "friendly", "too long", "not sure", "well made", "looks new", "quite old")
NAME = "563172bc9b7dbf2b{:08x}"


class Workers:
    """A worker comes to each open job every ``every`` seconds, works for about ``takes``, and hands in; a share of
    ``returns`` of them gives up."""

    def __init__(self, board: JobBoard, dice: Random, *, every: float, takes: float, returns: float) -> None:
        self.board = board
        self.dice = dice
        self.every = timedelta(seconds=every)
        self.takes = takes
        self.returns = returns
        self._count = 0

    def expect(self, job: Job, now: datetime) -> None:
        """Somebody will come by."""
        if self.every:
            self.board.at(now + self.every, lambda moment: self._come(job, moment))

    def _come(self, job: Job, moment: datetime) -> None:
        if job.completed or moment >= job.expires:
            return
        if job.assignable(moment):
            self._count += 1
            work = self.board.take(job, NAME.format(self._count), moment)
            limit = job.terms.task_duration - 1
            busy = timedelta(seconds=min(self.takes * self.dice.uniform(0.5, 1.5), limit))
            self.board.at(moment + busy, lambda done: self._finish(work, done))
        self.expect(job, moment)

    def _finish(self, work: Assignment, moment: datetime) -> None:
        if work.status != "init":
            return
        if self.dice.random() < self.returns:
            self.board.give_up(work, moment)
        else:
            self.board.hand_in(work, answers(work.job.form, self.dice), moment)


def answers(form: Form, dice: Random) -> list[JsonObject]:
    """What a worker fills in: a list of question and answers, or what an external page hands in."""
    if form.kind == "externalQuestionsForm":
        return [{"status": "success"}]
    if form.kind == "htmlQuestionsForm":
        return [{"questionId": "answer", "answer": [dice.choice(_WORDS)]}]
    questions = [object_of(each) for each in list_of(form.content["questions"])]
    return [{"questionId": each["id"], "answer": _answer(each, dice)} for each in questions]


def _answer(question: JsonObject, dice: Random) -> list[str]:
    if question["answerType"] == "selectionAnswer":
        spec = object_of(question["selectionAnswerSpec"])
        options = [str(object_of(each)["id"]) for each in list_of(spec["optionSpecs"])]
        most = min(_whole(spec, "maxSelectionCount", 1), len(options))
        return dice.sample(options, dice.randint(min(max(_whole(spec, "minSelectionCount", 1), 1), most), most))
    spec = object_of(question.get("freeTextAnswerSpec"))
    if spec.get("isNumber"):
        low = _whole(spec, "minValue", 0)
        return [str(dice.randint(low, _whole(spec, "maxValue", low + 100)))]
    text = dice.choice(_WORDS)
    text = text.ljust(_whole(spec, "minLength", 0), ".")
    return [text[: _whole(spec, "maxLength", len(text))]]


def _whole(spec: JsonObject, name: str, default: int) -> int:
    value = spec.get(name, default)
    return value if is_whole(value) else default
