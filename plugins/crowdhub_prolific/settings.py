"""An account's settings."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr

from crowdhub.protocol import ProviderSettings


class ProlificSettings(ProviderSettings):
    """``token`` is sent as the header ``Authorization: Token …``; it never expires and can do everything.

    ``workspace``: its id. ``project``: the id of the project in which studies are made and looked for; by default the
    workspace's first. ``currency``: the workspace's own, which no call chooses; what the workspace tells is compared
    with it before anything is paid.
    """

    token: SecretStr
    workspace: str
    project: str | None = None
    currency: Literal["GBP", "USD"] = "GBP"
    base_url: str = "https://api.prolific.com/api/v1"
