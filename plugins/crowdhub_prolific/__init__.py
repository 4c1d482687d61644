"""Prolific (https://www.prolific.com): participants for studies."""

from crowdhub_prolific.options import (
    CodeAction,
    CompletionCode,
    ProlificOptions,
    ProlificReject,
    ProlificRejectionCategory,
    StudyFilter,
    only_groups,
    without_groups,
    without_studies,
)
from crowdhub_prolific.provider import Prolific
from crowdhub_prolific.settings import ProlificSettings

__all__ = [
    "CodeAction",
    "CompletionCode",
    "Prolific",
    "ProlificOptions",
    "ProlificReject",
    "ProlificRejectionCategory",
    "ProlificSettings",
    "StudyFilter",
    "only_groups",
    "without_groups",
    "without_studies",
]
