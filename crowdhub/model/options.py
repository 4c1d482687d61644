"""Settings that only one marketplace understands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, ClassVar

from pydantic import AfterValidator

from crowdhub.model.pluggable import Pluggable, Stored


class ProviderOptions(Pluggable):
    """Typed settings that only one marketplace understands; a plugin subclasses it.

    A draft or a decision may carry options for several marketplaces: each reads its own and leaves the others alone.
    ``provider`` is the plugin's name. In JSON they come back as what they were, as long as the plugin is installed;
    a field that takes a file is a `FileContent`, so that its bytes and its path are not taken for one another.
    """

    provider: ClassVar[str] = ""


Options = Annotated[Sequence[Stored[ProviderOptions]], AfterValidator(tuple)]


def options_for(options: Iterable[ProviderOptions], provider: str) -> ProviderOptions | None:
    """The options meant for ``provider``, if there are any."""
    return next((each for each in options if each.provider == provider), None)
