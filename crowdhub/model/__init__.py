"""The neutral model: the words in which an application speaks to every marketplace."""

from crowdhub.model.base import Answer, Model, Status, country_code
from crowdhub.model.capability import Capabilities, Capability, Support
from crowdhub.model.money import Money, Quote
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
from crowdhub.model.task import ProviderOptions, Task, TaskDraft, TaskStatus

__all__ = [
    "Answer",
    "Application",
    "BatchReport",
    "Capabilities",
    "Capability",
    "Choice",
    "Decision",
    "ExternalForm",
    "File",
    "FreeText",
    "HtmlForm",
    "Model",
    "Money",
    "Outcome",
    "ProviderOptions",
    "QuestionForm",
    "Questions",
    "Quote",
    "Result",
    "ReviewReport",
    "Selection",
    "SelectionStyle",
    "Status",
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
