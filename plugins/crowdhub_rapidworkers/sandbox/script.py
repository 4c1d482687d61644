"""Scripted workers: they find campaigns as time passes and hand in, some of them poor work."""

from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from random import Random

from crowdhub_rapidworkers.sandbox.people import COUNTRIES, Population
from crowdhub_rapidworkers.sandbox.state import Campaign, Marketplace

_DONE = (
    "Completed as requested.",
    "Done, please see the screenshot.",
    "All steps finished.",
    "Finished it, thank you for the job.",
    "Task done on my phone.",
)


def good_text(dice: Random) -> str:
    """What a worker writes who did the work."""
    return f"{dice.choice(_DONE)} Confirmation code {dice.randrange(10_000, 99_999)}"


def poor_work(dice: Random) -> tuple[str, int]:
    """Proof text and number of pictures of someone who did not: one of them, or both, is missing."""
    return dice.choice((("", 1), (good_text(dice), 0), ("", 0)))


class RapidWorkersScript:
    """Decides who hands in what, and when. `rate` is hand-ins an hour on each open campaign."""

    def __init__(self, marketplace: Marketplace, people: Population, rate: float, poor_share: float) -> None:
        self.marketplace = marketplace
        self.people = people
        self.rate = rate
        self.poor_share = poor_share

    def play(self, campaigns: list[Campaign], now: datetime) -> None:
        """Hand in everything that falls due up to now, in the order of time."""
        queue = [(due, each.id) for each in campaigns if (due := self._due(each)) and due <= now]
        heapify(queue)
        while queue:
            at, campaign_id = heappop(queue)
            campaign = self.marketplace.campaigns[campaign_id]
            self.hand_in(campaign, at)
            campaign.next_arrival = at + self._pause(campaign)
            if (due := self._due(campaign)) and due <= now:
                heappush(queue, (due, campaign_id))

    def fill(self, campaign: Campaign, at: datetime) -> None:
        """Take every open slot at once."""
        while campaign.accepts_work:
            self.hand_in(campaign, at)

    def hand_in(self, campaign: Campaign, at: datetime) -> None:
        """One scripted piece of work."""
        dice = campaign.dice
        text, images = poor_work(dice) if dice.random() < self.poor_share else (good_text(dice), 1)
        _ = self.marketplace.hand_in(campaign, self.next_worker(campaign), text, images, at)

    def next_worker(self, campaign: Campaign) -> int:
        """Someone who has not worked on this campaign, is not blocked and lives where it is offered."""
        while not self._may_work(campaign, campaign.next_worker):
            campaign.next_worker += 1
        self.people.meet(campaign.next_worker)
        return campaign.next_worker

    def _may_work(self, campaign: Campaign, index: int) -> bool:
        if index in campaign.participants or index in campaign.owner.blocks:
            return False
        # Where nobody lives in the countries asked for, anyone comes: better than no one at all.
        offered = COUNTRIES.keys() & campaign.job.countries
        return not offered or self.people.person(index).country_code in offered

    def _due(self, campaign: Campaign) -> datetime | None:
        """When the next worker comes; `None` where none does."""
        if not campaign.accepts_work or self.rate <= 0:
            campaign.next_arrival = None
            return None
        if campaign.next_arrival is None or campaign.next_arrival < campaign.opened_at:
            campaign.next_arrival = campaign.opened_at + self._pause(campaign)
        return campaign.next_arrival

    def _pause(self, campaign: Campaign) -> timedelta:
        return timedelta(hours=campaign.dice.expovariate(self.rate))
