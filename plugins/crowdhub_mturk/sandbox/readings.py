"""Switches for what the documentation leaves open or says in two ways."""

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class MTurkReadings:
    """The defaults are what is documented, or was seen where nothing is."""

    error_prefix: str = ""
    """What stands before ``RequestError`` in ``__type``, such as ``com.amazonaws.mturk#``."""
    refused_signature_status: Literal[400, 403] = 400
    """The HTTP status of a signature or key that is refused."""
    hit_already_exists: Literal["HitAlreadyExists", "HITAlreadyExists"] = "HitAlreadyExists"
    """The code of a token that made a HIT before, as the model and as older texts spell it."""
    token_words: Literal["token", "request id"] = "token"  # noqa: S105  (words, not a secret)
    """What the refusal of a bonus or an extension names: the token, as was seen, or "the request ID" as documented."""
    same_expiration_refused: bool = True
    """Whether the same time for the same HIT is refused within a day, as was seen."""
    deleted: Literal["Disposed", "missing"] = "Disposed"
    """What a deleted HIT, asked for by its id, is."""
    available_after_end: bool = True
    """Whether slots that nobody took are still called available once the HIT is over."""
    newest_first: bool = False
    """Whether HITs are listed newest first."""
    empty_last_page: bool = False
    """Whether the last page that has rows names one more, which is empty."""
    tokens_count_rows: bool = False
    """Whether a ``NextToken`` counts rows, so that what leaves a filtered list meanwhile shifts the next page."""
    settles_after: int = 0
    """Seconds for which work just handed in can be listed but not reviewed ("a status of: null")."""
    on_hold: bool = True
    """Whether the balance tells what is on hold."""
    annotation_limit: int | None = 255
    """The longest ``RequesterAnnotation``: in older pages only, the model has none."""
    file_uploads: bool = True
    """Whether a ``FileUploadAnswer`` is still taken: a note of 2017 says that it is not."""
    throttled: Literal["ThrottlingException", "503"] = "ThrottlingException"
    """How too many requests are refused."""
