"""Amazon Mechanical Turk (https://www.mturk.com), by its requester API 2017-01-17."""

from crowdhub_mturk.options import MTurkFile, MTurkOptions, MTurkText
from crowdhub_mturk.provider import MTurk
from crowdhub_mturk.settings import MTurkSettings
from crowdhub_mturk.structures import Locale, QualificationRequirement
from crowdhub_mturk.words import Comparator, HITAccessActions, QualificationTypeStatus

__all__ = [
    "Comparator",
    "HITAccessActions",
    "Locale",
    "MTurk",
    "MTurkFile",
    "MTurkOptions",
    "MTurkSettings",
    "MTurkText",
    "QualificationRequirement",
    "QualificationTypeStatus",
]
