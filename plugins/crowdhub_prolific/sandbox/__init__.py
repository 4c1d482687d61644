"""Prolific on loopback, written from the provider's documentation alone.

It imports nothing from the client side of this plugin, so that a mistake cannot hide by being made twice.

Where the documentation is silent or contradicts itself, this sandbox decides (and `ProlificQuirks` has a switch where a
client must cope with both):

* The token is looked at before the path's own rules; an unknown path is 404 before that.
* PUBLISH takes reward × places, the fee and the tax on it; more places take the difference to what was taken. STOP
  gives back what places cost that nobody took, and so does work that is rejected or returned after it.
* Money for rewards stays part of ``total_balance`` until it is paid; fees leave it at once.
* A study without a free place is AWAITING REVIEW while work waits, ACTIVE while somebody is at it, else COMPLETED.
* The filters it obeys are the lists of participant groups and of earlier studies; all others let everybody through.
* A page behind the last is 404, and a page holds at most ``rows``, whatever is asked for. Lists that are not asked for
  by page are whole where lists have no links.
* Approving or rejecting what was returned or timed out is refused.
* A bulk approval names only submissions that exist, and approves those of them that still wait when it is carried out.
* A bonus takes its money when it is paid and is shown with its submission later.
* What nobody reviews is approved after 21 days.
"""

from crowdhub_prolific.sandbox.market import ProlificSandbox
from crowdhub_prolific.sandbox.quirks import ProlificQuirks
from crowdhub_prolific.sandbox.refusal import ProlificRefusal
from crowdhub_prolific.sandbox.state import BonusSetup, Letter, ParticipantGroup, Participation, Study

__all__ = [
    "BonusSetup",
    "Letter",
    "ParticipantGroup",
    "Participation",
    "ProlificQuirks",
    "ProlificRefusal",
    "ProlificSandbox",
    "Study",
]
