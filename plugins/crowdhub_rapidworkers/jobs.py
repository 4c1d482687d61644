"""The ten ready-made jobs: ``POST /api/jobs/NAME/``, closed until the account allows them.

They buy likes, followers and reviews on other companies' sites; the plugin's README says why they are closed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, TypedDict, Unpack
from urllib.parse import urlsplit

from crowdhub.errors import ConfigurationError, Conflict, InvalidRequest, Issue
from crowdhub.model import Money, Task, TaskStatus, country_code
from crowdhub.protocol import Call, Effect, Flow, Lookup, Operation, country_issues, operation
from crowdhub_rapidworkers import wire
from crowdhub_rapidworkers.settings import RapidWorkersSettings

if TYPE_CHECKING:
    from crowdhub.protocol import Provider

    Base = Provider[RapidWorkersSettings]
else:
    Base = object

PRICE = Money("0.05", wire.CURRENCY)  # each, as documented for all ten
LEAST = 6


class ReadyMade(StrEnum):
    """The catalog; the value is the endpoint's name."""

    FACEBOOK_LIKES = "facebook-likes"
    FACEBOOK_SHARES = "facebook-shares"
    INSTAGRAM_LIKES = "instagram-likes"
    INSTAGRAM_FOLLOWERS = "instagram-followers"
    TWITTER_LIKES = "twitter-likes"
    TWITTER_FOLLOWERS = "twitter-followers"
    TWITTER_RETWEETS = "twitter-retweets"
    TRUSTPILOT_REVIEWS = "trustpilot-reviews"
    NINEGAG_UPVOTES = "9gag-upvotes"
    YOUTUBE_LIKES = "youtube-likes"


class Extras(TypedDict, total=False):
    """What every ready-made job may also say."""

    countries: Sequence[str]
    language: str | None
    approve_once_full: bool


class ReadyMadeJobs(Base):
    """One typed method a job. All take the same: ``link`` (what it is about), ``quantity`` (at least 6),
    ``countries`` (empty: everywhere), ``language``, and ``approve_once_full`` (the marketplace's default is True:
    everything is approved, unseen, once the job is full).

    Each costs $0.05 × quantity at once. Raises `ConfigurationError` unless the account says
    ``allow_engagement_jobs = true``, and `InvalidRequest` naming every issue; both before any request.
    """

    def _lost_job(
        self,
        job: ReadyMade,
        *,
        link: str,
        quantity: int,
        countries: Sequence[str] = (),
        language: str | None = None,
        approve_once_full: bool = True,
    ) -> Lookup[Task]:
        del countries, language, approve_once_full
        return Lookup(
            look_for=f"a new campaign of {quantity} at {PRICE} each ({job.value}, {link})",
            listing=self.tasks,
            among=lambda new: _the_one(new, quantity),
        )

    @operation(lookup=_lost_job)
    def ready_made(
        self,
        job: ReadyMade,
        *,
        link: str,
        quantity: int,
        countries: Sequence[str] = (),
        language: str | None = None,
        approve_once_full: bool = True,
    ) -> Flow[Task]:
        """Any of the ten by name: ``POST /api/jobs/NAME/``.

        Takes one more request than the purchase itself, before it: a list of the campaigns there are, by which
        a purchase whose answer is lost is found (it carries no reference).
        """
        self._refuse_unless_allowed(job)
        codes = [country_code(country) or country for country in countries]
        issues = country_issues(codes)
        if not _is_link(link):
            issues.append(Issue("link", f"{link!r} is not an http(s) address"))
        if quantity < LEAST:
            issues.append(Issue("quantity", f"{quantity} is less than {LEAST}, the marketplace's minimum"))
        if issues:
            raise InvalidRequest(issues=issues)
        body: dict[str, object] = {"link": link, "quantity": quantity, "approve_once_full": approve_once_full}
        if codes:
            body["countries"] = codes
        if language:
            body["language"] = language
        reply = yield Call.post(f"/api/jobs/{job.value}/", json=body, effect=Effect.SPEND)
        created = wire.ReadyMadeCreated.read(reply)
        return Task(
            **self.identity,
            id=created.job_id,
            title=job.value,
            reward=PRICE,
            slots=quantity,
            status=TaskStatus.OPEN,
            charged=wire.money(created.total_cost),
            raw=created.raw,
        )

    def _refuse_unless_allowed(self, job: ReadyMade) -> None:
        if not self.settings.allow_engagement_jobs:
            raise ConfigurationError(
                f"{job.value} buys engagement on another company's site, which most sites forbid and for reviews "
                "many countries too, so it is off for this account.",
                next_step="If you may do this, set allow_engagement_jobs = true for the account; nothing was sent.",
            )

    def facebook_likes(self, link: str, quantity: int, **more: Unpack[Extras]) -> Operation[Task]:
        """Likes of a Facebook post. ``POST /api/jobs/facebook-likes/``."""
        return self.ready_made(ReadyMade.FACEBOOK_LIKES, link=link, quantity=quantity, **more)

    def facebook_shares(self, link: str, quantity: int, **more: Unpack[Extras]) -> Operation[Task]:
        """Shares of a Facebook post. ``POST /api/jobs/facebook-shares/``."""
        return self.ready_made(ReadyMade.FACEBOOK_SHARES, link=link, quantity=quantity, **more)

    def instagram_likes(self, link: str, quantity: int, **more: Unpack[Extras]) -> Operation[Task]:
        """Likes of an Instagram post. ``POST /api/jobs/instagram-likes/``."""
        return self.ready_made(ReadyMade.INSTAGRAM_LIKES, link=link, quantity=quantity, **more)

    def instagram_followers(self, link: str, quantity: int, **more: Unpack[Extras]) -> Operation[Task]:
        """Followers of an Instagram profile. ``POST /api/jobs/instagram-followers/``."""
        return self.ready_made(ReadyMade.INSTAGRAM_FOLLOWERS, link=link, quantity=quantity, **more)

    def twitter_likes(self, link: str, quantity: int, **more: Unpack[Extras]) -> Operation[Task]:
        """Likes of a Twitter/X post. ``POST /api/jobs/twitter-likes/``."""
        return self.ready_made(ReadyMade.TWITTER_LIKES, link=link, quantity=quantity, **more)

    def twitter_followers(self, link: str, quantity: int, **more: Unpack[Extras]) -> Operation[Task]:
        """Followers of a Twitter/X profile. ``POST /api/jobs/twitter-followers/``."""
        return self.ready_made(ReadyMade.TWITTER_FOLLOWERS, link=link, quantity=quantity, **more)

    def twitter_retweets(self, link: str, quantity: int, **more: Unpack[Extras]) -> Operation[Task]:
        """Retweets of a Twitter/X post. ``POST /api/jobs/twitter-retweets/``."""
        return self.ready_made(ReadyMade.TWITTER_RETWEETS, link=link, quantity=quantity, **more)

    def trustpilot_reviews(self, link: str, quantity: int, **more: Unpack[Extras]) -> Operation[Task]:
        """Reviews of a company on Trustpilot. ``POST /api/jobs/trustpilot-reviews/``."""
        return self.ready_made(ReadyMade.TRUSTPILOT_REVIEWS, link=link, quantity=quantity, **more)

    def ninegag_upvotes(self, link: str, quantity: int, **more: Unpack[Extras]) -> Operation[Task]:
        """Upvotes of a 9GAG post. ``POST /api/jobs/9gag-upvotes/``."""
        return self.ready_made(ReadyMade.NINEGAG_UPVOTES, link=link, quantity=quantity, **more)

    def youtube_likes(self, link: str, quantity: int, **more: Unpack[Extras]) -> Operation[Task]:
        """Likes of a YouTube video. ``POST /api/jobs/youtube-likes/``."""
        return self.ready_made(ReadyMade.YOUTUBE_LIKES, link=link, quantity=quantity, **more)


def _the_one(new: Sequence[Task], quantity: int) -> Task | None:
    """The campaign that a lost purchase made, of those that were not there before."""
    found = [task for task in new if (task.slots, task.reward) == (quantity, PRICE)]
    if len(found) > 1:
        raise Conflict(f"{len(found)} new campaigns look like it; which one it made cannot be told.")
    return found[0].copy_with(replayed=True) if found else None


def _is_link(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and "." in (parts.hostname or "") and not re.search(r"\s", text)
