"""One neutral interface over many crowdsourcing marketplaces.

>>> from crowdhub import Hub, TaskDraft, Money

Importing this package loads nothing else: each public name is fetched from its home on first use.
"""

from __future__ import annotations

from crowdhub._version import __version__

TYPE_CHECKING = False  # type checkers know it by its name; the module `typing` would be most of the import's time
if TYPE_CHECKING:
    from crowdhub import errors as errors
    from crowdhub import model as model
    from crowdhub import protocol as protocol
    from crowdhub.hub import AsyncHub, Hub
    from crowdhub.market import AsyncMarket, AsyncWatch, Market, Watch, WatchProblem
    from crowdhub.model import (
        Application,
        Balance,
        Capability,
        Choice,
        Decision,
        DueReport,
        ExternalForm,
        File,
        FreeText,
        HtmlForm,
        Money,
        ProviderOptions,
        PublishReport,
        QuestionForm,
        Quote,
        ReviewReport,
        Selection,
        Submission,
        SubmissionStatus,
        Task,
        TaskDraft,
        TaskStatus,
        Worker,
    )
    from crowdhub.protocol import Call, Effect, Flow, Operation, Page, Provider, Response, Upload, operation

__all__ = [
    "Application",
    "AsyncHub",
    "AsyncMarket",
    "AsyncWatch",
    "Balance",
    "Call",
    "Capability",
    "Choice",
    "Decision",
    "DueReport",
    "Effect",
    "ExternalForm",
    "File",
    "Flow",
    "FreeText",
    "HtmlForm",
    "Hub",
    "Market",
    "Money",
    "Operation",
    "Page",
    "Provider",
    "ProviderOptions",
    "PublishReport",
    "QuestionForm",
    "Quote",
    "Response",
    "ReviewReport",
    "Selection",
    "Submission",
    "SubmissionStatus",
    "Task",
    "TaskDraft",
    "TaskStatus",
    "Upload",
    "Watch",
    "WatchProblem",
    "Worker",
    "__version__",
    "operation",
]

_MODULES = ("errors", "model", "protocol")  # `import crowdhub` is enough for `crowdhub.errors.NotFound`
# Where each public name lives, as the imports above say it to type checkers (a test holds the two equal).
_HOMES = {
    "crowdhub.hub": ("AsyncHub", "Hub"),
    "crowdhub.market": ("AsyncMarket", "AsyncWatch", "Market", "Watch", "WatchProblem"),
    "crowdhub.model": (
        "Application",
        "Balance",
        "Capability",
        "Choice",
        "Decision",
        "DueReport",
        "ExternalForm",
        "File",
        "FreeText",
        "HtmlForm",
        "Money",
        "ProviderOptions",
        "PublishReport",
        "QuestionForm",
        "Quote",
        "ReviewReport",
        "Selection",
        "Submission",
        "SubmissionStatus",
        "Task",
        "TaskDraft",
        "TaskStatus",
        "Worker",
    ),
    "crowdhub.protocol": (
        "Call",
        "Effect",
        "Flow",
        "Operation",
        "Page",
        "Provider",
        "Response",
        "Upload",
        "operation",
    ),
}

if not TYPE_CHECKING:  # type checkers, which read the imports above, would take any misspelt name for one of these

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name in _MODULES:
            return import_module(f"crowdhub.{name}")
        for home, names in _HOMES.items():
            if name in names:
                found = globals()[name] = getattr(import_module(home), name)
                return found
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES, *__all__})
