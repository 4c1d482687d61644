"""An account's settings, and the task of a draft."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, JsonValue, SecretStr

from crowdhub.model import ProviderOptions
from crowdhub.protocol import ProviderSettings


class CapSolverSettings(ProviderSettings):
    """``client_key`` travels in every request's body; ``app_id``: the developer's application, where there is one."""

    client_key: SecretStr
    app_id: str | None = None
    base_url: str = "https://api.capsolver.com"


class CapSolverFeedback(ProviderOptions):
    """With a rejection: ``code``, the marketplace's number for what is wrong, where it has one."""

    provider: ClassVar[str] = "capsolver"

    code: int | None = None


class CapSolverOptions(ProviderOptions):
    """What to solve: ``task`` is sent as it is (``{"type": "ImageToTextTask", "body": …}``).

    A draft's ``image`` fills an ImageToTextTask's ``body``; with an image, ``task`` may be left out.
    ``callback_url``: where the marketplace is to send the result as well.
    """

    provider: ClassVar[str] = "capsolver"

    task: Mapping[str, JsonValue] | None = Field(default=None, repr=False)
    callback_url: str | None = None
