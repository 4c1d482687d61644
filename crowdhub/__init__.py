"""One neutral interface over many crowdsourcing marketplaces.

>>> from crowdhub import Hub, TaskDraft, Money

Importing this package is cheap: the HTTP library and the plugins are loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crowdhub._version import __version__
from crowdhub.model import (
    Application,
    Capability,
    Choice,
    Decision,
    ExternalForm,
    File,
    FreeText,
    HtmlForm,
    Money,
    QuestionForm,
    Quote,
    ReviewReport,
    Selection,
    Submission,
    Task,
    TaskDraft,
    Worker,
)
from crowdhub.protocol import Call, Effect, Flow, Page, Provider, Upload

if TYPE_CHECKING:
    from crowdhub.engine.http import Response
    from crowdhub.hub import AsyncHub, Hub
    from crowdhub.market import AsyncMarket, Market

_LAZY = {
    "Hub": "crowdhub.hub",
    "AsyncHub": "crowdhub.hub",
    "Market": "crowdhub.market",
    "AsyncMarket": "crowdhub.market",
    "Response": "crowdhub.engine.http",
}

__all__ = [
    "Application",
    "AsyncHub",
    "AsyncMarket",
    "Call",
    "Capability",
    "Choice",
    "Decision",
    "Effect",
    "ExternalForm",
    "File",
    "Flow",
    "FreeText",
    "HtmlForm",
    "Hub",
    "Market",
    "Money",
    "Page",
    "Provider",
    "QuestionForm",
    "Quote",
    "Response",
    "ReviewReport",
    "Selection",
    "Submission",
    "Task",
    "TaskDraft",
    "Upload",
    "Worker",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
