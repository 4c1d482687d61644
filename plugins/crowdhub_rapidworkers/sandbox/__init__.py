"""RapidWorkers on loopback, written from the provider's documentation alone.

It imports nothing from the client side of this plugin, so that a mistake cannot hide by being made twice.

Where the documentation is silent or contradicts itself, this sandbox decides (and `RapidWorkersQuirks` has a switch
where a client must cope with both):

* An unknown path is 404 before anything else; then 401, 429, 405, 400, as Django REST framework does. A GET
  without its trailing slash is redirected (301); a POST without it, or `/jobs/add/`, is 404.
* Publishing takes reward x slots plus 10 % commission (rounded half up to cents) from the balance and holds the
  reward. Approving pays the worker out of what is held. A rejected submission's slot reopens. The same
  commission is taken for ready-made jobs, whose `total_cost` does not include it (nor does the example's).
* `remainingAvailabilities` counts slots that nobody has taken: pending work takes one. The documented example
  adds up only if pending work does not: `remaining_as_documented`.
* `jobInstancesCompleted` is approved + rejected and `jobSuccessRate` approved / slots, as in the example.
* Work can be reviewed whatever the status of its campaign. A campaign is Completed when every slot is approved.
* The legitimacy check rejects a title, description or proof with a word of `FORBIDDEN`; nothing is charged.
* A worker can be blocked by the integer public id or by the `userId` text; the answer and the list of blocked
  workers show the form that was used, or always the integer: `blocked_public_ids`.
* A page that is not a number, below 1 or past the end is 404 `Invalid page.`; a `rowsPerPage` that is not a number,
  below 1 or above 1000 is 1000; a `status` that does not exist is 400.
* Pictures (proofs, avatars, the campaign's image) need no key and are not counted as requests.
"""

from crowdhub_rapidworkers.sandbox.inputs import FORBIDDEN
from crowdhub_rapidworkers.sandbox.market import RapidWorkersSandbox
from crowdhub_rapidworkers.sandbox.quirks import RapidWorkersQuirks
from crowdhub_rapidworkers.sandbox.readymade import READY_MADE
from crowdhub_rapidworkers.sandbox.state import Campaign, SandboxSubmission

__all__ = ["FORBIDDEN", "READY_MADE", "Campaign", "RapidWorkersQuirks", "RapidWorkersSandbox", "SandboxSubmission"]
