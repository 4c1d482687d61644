"""All that a plugin may import of crowdhub besides the neutral model and the errors: one door.

Operations and their calls, the `Provider` that holds them, and what reads a marketplace's answers. No I/O.
"""

from crowdhub.protocol.arguments import checked_arguments
from crowdhub.protocol.call import UNSET, Call, Effect, PreparedRequest, Upload, path_segment
from crowdhub.protocol.declaration import NEUTRAL, Declaration, operation_of
from crowdhub.protocol.flow import Flow, Lookup, Operation, OperationRun, is_operation, no_call, operation
from crowdhub.protocol.forms import choice_issues, choice_limits, question_issues, text_issues
from crowdhub.protocol.page import Page, every, find_marked, first_match
from crowdhub.protocol.provider import Provider, result_type
from crowdhub.protocol.reading import (
    EVIDENCE,
    Amount,
    Lazy,
    LenientDecimal,
    LenientInt,
    LenientText,
    LenientTime,
    WireModel,
    beginning_of,
    decimal_or_none,
    int_or_none,
    lazy_records,
    load_json,
    mapping,
    read_each,
    read_record,
    read_records,
    sequence,
    text_or_none,
    texts,
    time_or_none,
    unreadable,
    why_no_amount,
)
from crowdhub.protocol.reference import carries, is_marked, mark, mark_in, plain_text, unescaped, unmark
from crowdhub.protocol.refusals import (
    country_issues,
    error_of_no_json,
    error_of_no_success,
    error_of_status,
    error_words,
)
from crowdhub.protocol.response import Headers, Response
from crowdhub.protocol.settings import (
    LOOPBACK,
    CredentialPlaces,
    Environment,
    Identity,
    ProviderSettings,
    RateLimit,
    Token,
    is_loopback,
)
from crowdhub.protocol.spellings import Spellings

AnyProvider = Provider[ProviderSettings]
"""A provider of whatever marketplace."""

__all__ = [
    "EVIDENCE",
    "LOOPBACK",
    "NEUTRAL",
    "UNSET",
    "Amount",
    "AnyProvider",
    "Call",
    "CredentialPlaces",
    "Declaration",
    "Effect",
    "Environment",
    "Flow",
    "Headers",
    "Identity",
    "Lazy",
    "LenientDecimal",
    "LenientInt",
    "LenientText",
    "LenientTime",
    "Lookup",
    "Operation",
    "OperationRun",
    "Page",
    "PreparedRequest",
    "Provider",
    "ProviderSettings",
    "RateLimit",
    "Response",
    "Spellings",
    "Token",
    "Upload",
    "WireModel",
    "beginning_of",
    "carries",
    "checked_arguments",
    "choice_issues",
    "choice_limits",
    "country_issues",
    "decimal_or_none",
    "error_of_no_json",
    "error_of_no_success",
    "error_of_status",
    "error_words",
    "every",
    "find_marked",
    "first_match",
    "int_or_none",
    "is_loopback",
    "is_marked",
    "is_operation",
    "lazy_records",
    "load_json",
    "mapping",
    "mark",
    "mark_in",
    "no_call",
    "operation",
    "operation_of",
    "path_segment",
    "plain_text",
    "question_issues",
    "read_each",
    "read_record",
    "read_records",
    "result_type",
    "sequence",
    "text_issues",
    "text_or_none",
    "texts",
    "time_or_none",
    "unescaped",
    "unmark",
    "unreadable",
    "why_no_amount",
]
