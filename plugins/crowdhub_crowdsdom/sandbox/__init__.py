"""CrowdSDOM on loopback, written from the provider's documentation alone; nothing of the client side is imported.

Where the documentation is silent or contradicts itself, this sandbox decides:

* One server plays both hosts: ``/oauth/token`` and ``/v1/…``. A token lives ``token_ttl`` seconds of its clock.
* A token is taken without "Bearer " only, as documented; HTTP Basic and the body are both accepted for the token.
* Verbs and paths are as the API pages have them, with capitals as well; options play the other sources.
* Publishing withholds reward × maxTasks plus 20 % of it. Approving pays the worker; what a job that is over did not
  need is given back with its 20 %.
* ``status`` speaks of the review (unreviewable, reviewable, completed), ``assignable`` says whether the job is open.
* A job that is cancelled, or whose lifetime is over, is not assignable; what a worker began can still be handed in.
* A settled task cannot be settled again (400). Errors come in three shapes: an object, a text, plain text.
* The list of tasks has JavaScript dates, everything else ISO ones, as the samples have them.
* An answer names a reward's amount as a JavaScript number and ``formattedPrice``, and no currency.
"""

from crowdhub_crowdsdom.sandbox.market import CrowdSDOMSandbox
from crowdhub_crowdsdom.sandbox.state import Assignment, Job

__all__ = ["Assignment", "CrowdSDOMSandbox", "Job"]
