"""Scripted workers: they find jobs as time passes, work on them, and answer their forms."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from crowdhub_crowdsdom.sandbox.state import Job, Place, Work

_WORDS = ("fine", "clear", "friendly", "too long", "not sure", "well made", "looks new", "quite old")
NAME = "563172bc9b7dbf2b{:08x}"


class Workers:
    """A worker comes to each open job every ``every`` seconds, works for about ``takes``, and hands in; a share of
    ``returns`` of them gives up."""

    def __init__(self, place: Place, dice: Random, *, every: float, takes: float, returns: float) -> None:
        self.place = place
        self.dice = dice
        self.every = timedelta(seconds=every)
        self.takes = takes
        self.returns = returns
        self._count = 0

    def expect(self, job: Job, now: datetime) -> None:
        """Somebody will come by."""
        if self.every:
            self.place.at(now + self.every, lambda moment: self._come(job, moment))

    def _come(self, job: Job, moment: datetime) -> None:
        if job.completed or moment >= job.expires:
            return
        if job.assignable(moment):
            self._count += 1
            work = self.place.take(job, NAME.format(self._count), moment)
            limit = job.settings["taskDuration"] - 1
            busy = timedelta(seconds=min(self.takes * self.dice.uniform(0.5, 1.5), limit))
            self.place.at(moment + busy, lambda done: self._finish(work, done))
        self.expect(job, moment)

    def _finish(self, work: Work, moment: datetime) -> None:
        if work.status != "init":
            return
        if self.dice.random() < self.returns:
            self.place.give_up(work, moment)
        else:
            self.place.hand_in(work, answers(work.job, self.dice), moment)


def answers(job: Job, dice: Random) -> list[dict[str, Any]]:
    """What a worker fills in: a list of question and answers, or what an external page hands in."""
    kind = job.settings["questionsType"]
    if kind == "externalQuestionsForm":
        return [{"status": "success"}]
    if kind == "htmlQuestionsForm":
        return [{"questionId": "answer", "answer": [dice.choice(_WORDS)]}]
    return [{"questionId": each["id"], "answer": _answer(each, dice)} for each in job.settings[kind]["questions"]]


def _answer(question: dict[str, Any], dice: Random) -> list[str]:
    if question["answerType"] == "selectionAnswer":
        spec = question["selectionAnswerSpec"]
        options = [option["id"] for option in spec["optionSpecs"]]
        most = min(spec.get("maxSelectionCount", 1), len(options))
        return dice.sample(options, dice.randint(min(max(spec.get("minSelectionCount", 1), 1), most), most))
    spec = question.get("freeTextAnswerSpec", {})
    if spec.get("isNumber"):
        low = spec.get("minValue", 0)
        return [str(dice.randint(low, spec.get("maxValue", low + 100)))]
    text = dice.choice(_WORDS)
    text = text.ljust(spec.get("minLength", 0), ".")
    return [text[: spec.get("maxLength", len(text))]]
