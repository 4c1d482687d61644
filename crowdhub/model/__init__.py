"""The neutral model: what an application says to every marketplace, and what every marketplace answers."""

from crowdhub.model.base import Answer, Model, OpenEnum, country_code
from crowdhub.model.capability import Capabilities, Capability, Support
from crowdhub.model.content import FileContent
from crowdhub.model.due import DueReport
from crowdhub.model.input import InputModel
from crowdhub.model.money import Balance, Money, Quote
from crowdhub.model.options import ProviderOptions
from crowdhub.model.published import PublishOutcome, PublishReport, PublishResult
from crowdhub.model.questions import (
    Choice,
    ExternalForm,
    FreeText,
    HtmlForm,
    QuestionForm,
    Questions,
    Selection,
    SelectionStyle,
)
from crowdhub.model.review import BatchReport, Decision, Outcome, Result, ReviewReport, Verdict, settled
from crowdhub.model.submission import Application, File, Submission, SubmissionStatus, Worker
from crowdhub.model.task import Task, TaskDraft, TaskStatus

__all__ = [
    "Answer",
    "Application",
    "Balance",
    "BatchReport",
    "Capabilities",
    "Capability",
    "Choice",
    "Decision",
    "DueReport",
    "ExternalForm",
    "File",
    "FileContent",
    "FreeText",
    "HtmlForm",
    "InputModel",
    "Model",
    "Money",
    "OpenEnum",
    "Outcome",
    "ProviderOptions",
    "PublishOutcome",
    "PublishReport",
    "PublishResult",
    "QuestionForm",
    "Questions",
    "Quote",
    "Result",
    "ReviewReport",
    "Selection",
    "SelectionStyle",
    "Submission",
    "SubmissionStatus",
    "Support",
    "Task",
    "TaskDraft",
    "TaskStatus",
    "Verdict",
    "Worker",
    "country_code",
    "settled",
]
