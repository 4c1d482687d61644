"""What a draft, or a decision, can say to Prolific alone. Names are those of the API."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field, JsonValue

from crowdhub.model import InputModel, ProviderOptions


class CodeAction(StrEnum):
    """What is done when a completion code is entered."""

    AUTOMATICALLY_APPROVE = "AUTOMATICALLY_APPROVE"
    MANUALLY_REVIEW = "MANUALLY_REVIEW"
    ADD_TO_PARTICIPANT_GROUP = "ADD_TO_PARTICIPANT_GROUP"
    REMOVE_FROM_PARTICIPANT_GROUP = "REMOVE_FROM_PARTICIPANT_GROUP"
    REQUEST_RETURN = "REQUEST_RETURN"
    DYNAMIC_PAYMENT = "DYNAMIC_PAYMENT"
    FIXED_SCREEN_OUT_PAYMENT = "FIXED_SCREEN_OUT_PAYMENT"


class CompletionCode(InputModel):
    """What a participant enters in the end, or brings back in the address. ``actions`` empty: as the draft's
    ``auto_approve`` says. ``more``: members of single actions that the API wants beside their name, by that name
    (``{"ADD_TO_PARTICIPANT_GROUP": {"participant_group": "…"}}``)."""

    code: str
    code_type: str = "COMPLETED"
    actions: tuple[CodeAction, ...] = ()
    actor: Literal["participant", "researcher"] | None = None
    more: Mapping[str, Mapping[str, JsonValue]] = Field(default_factory=dict[str, Mapping[str, JsonValue]])


class StudyFilter(InputModel):
    """Who may take part. ``selected_values``: of filters that choose; ``selected_range``: of those with two ends."""

    filter_id: str
    selected_values: tuple[str, ...] = ()
    selected_range: Mapping[str, JsonValue] | None = None


def without_groups(*groups: str) -> StudyFilter:
    """Nobody who is in one of these participant groups."""
    return StudyFilter(filter_id="participant_group_blocklist", selected_values=groups)


def only_groups(*groups: str) -> StudyFilter:
    """Only people of these participant groups."""
    return StudyFilter(filter_id="participant_group_allowlist", selected_values=groups)


def without_studies(*studies: str) -> StudyFilter:
    """Nobody who took part in one of these studies."""
    return StudyFilter(filter_id="previous_studies_blocklist", selected_values=studies)


class ProlificOptions(ProviderOptions):
    """What a study has beside a draft's neutral fields.

    ``estimated_completion_time`` (minutes) and at least one of ``completion_codes`` are required. ``internal_name``:
    what researchers see, in place of the title; the mark by which a lost publish is found stands behind it. ``more``:
    any other member of the API's study, as it is sent.
    """

    provider: ClassVar[str] = "prolific"

    estimated_completion_time: int | None = None
    completion_codes: tuple[CompletionCode, ...] = ()
    prolific_id_option: Literal["question", "url_parameters", "not_required"] = "url_parameters"
    maximum_allowed_time: int | None = None
    device_compatibility: tuple[Literal["desktop", "tablet", "mobile"], ...] = ()
    filters: tuple[StudyFilter, ...] = ()
    study_labels: tuple[str, ...] = ()
    internal_name: str | None = None
    more: Mapping[str, JsonValue] = Field(default_factory=dict[str, JsonValue])


class ProlificRejectionCategory(StrEnum):
    """Why work is rejected, in Prolific's words."""

    TOO_QUICKLY = "TOO_QUICKLY"
    TOO_SLOWLY = "TOO_SLOWLY"
    FAILED_INSTRUCTIONS = "FAILED_INSTRUCTIONS"
    INCOMP_LONGITUDINAL = "INCOMP_LONGITUDINAL"
    FAILED_CHECK = "FAILED_CHECK"
    LOW_EFFORT = "LOW_EFFORT"
    MALINGERING = "MALINGERING"
    NO_CODE = "NO_CODE"
    BAD_CODE = "BAD_CODE"
    NO_DATA = "NO_DATA"
    UNSUPP_DEVICE = "UNSUPP_DEVICE"
    OTHER = "OTHER"


class ProlificReject(ProviderOptions):
    """With a rejection: its category."""

    provider: ClassVar[str] = "prolific"

    category: ProlificRejectionCategory
