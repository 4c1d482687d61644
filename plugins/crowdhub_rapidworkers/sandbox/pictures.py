"""Pictures that the marketplace serves: proofs, avatars, the image of a campaign."""

import re
from collections.abc import Sequence

from crowdhub.sandbox import png
from crowdhub_rapidworkers.sandbox.people import Population
from crowdhub_rapidworkers.sandbox.state import Marketplace

MEDIA = "/media/"
Picture = tuple[str, bytes]
"""Media type and content."""


class Pictures:
    """What workers sent, and what is drawn when it is asked for. The caller holds the sandbox's lock."""

    def __init__(self, place: Marketplace, people: Population) -> None:
        self.place = place
        self.people = people
        self._sent: dict[tuple[int, int], bytes] = {}

    def keep(self, submission_id: int, contents: Sequence[bytes]) -> None:
        """Keep the proofs that a worker sent; those of other submissions are drawn."""
        for number, content in enumerate(contents, 1):
            self._sent[submission_id, number] = content

    def served(self, path: str) -> Picture | None:
        """The picture at a path below `MEDIA`; `None` where there is none."""
        if match := re.fullmatch(r"proofs/(\d{1,18})/(\d{1,9})(-thumbnail)?\.png", path):
            return self._proof(int(match[1]), int(match[2]), thumbnail=bool(match[3]))
        if match := re.fullmatch(r"avatars/(\d{1,18})\.png", path):
            index = self.people.find(match[1])
            return None if index is None else ("image/png", png(self.people.person(index).name, (48, 48)))
        if match := re.fullmatch(r"campaigns/([0-9a-f-]{36})", path):
            campaign = self.place.campaigns.get(match[1])
            if campaign is not None and campaign.job.image is not None:
                return _media_type(campaign.job.image), campaign.job.image
        return None

    def _proof(self, submission_id: int, number: int, *, thumbnail: bool) -> Picture | None:
        campaign = self.place.campaign_of.get(submission_id)
        if campaign is None or not 1 <= number <= campaign.submissions[submission_id].images:
            return None
        sent = self._sent.get((submission_id, number))
        if sent is not None and not thumbnail:
            return _media_type(sent), sent
        size = (80, 50) if thumbnail else (320, 200)
        return "image/png", png(f"Proof {submission_id}/{number}", size)


def _media_type(content: bytes) -> str:
    return "image/png" if content.startswith(b"\x89PNG") else "application/octet-stream"
