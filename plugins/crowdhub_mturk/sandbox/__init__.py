"""Mechanical Turk on loopback, written from the provider's documentation and model alone.

It imports nothing from the client side of this plugin, so that a mistake cannot hide by being made twice.

Where the documentation is silent or contradicts itself, this sandbox decides (and `MTurkReadings` has a switch where a
client must cope with both):

* The order of checks: the one path and its content type, the operation's name, the signature, too many requests, the
  body's types and patterns (the front door's errors), then what the operation wants (MTurk's own).
* A member that does not exist, a member that is `null`, and a time that is no number are refused. The service is said
  to be more lenient; a client need not be.
* The signature must cover `host` and every `x-amz-*` header, be scoped to the day, `us-east-1` and `mturk-requester`,
  and be at most five minutes off by the sandbox's clock.
* A HIT's money is held when it is published: rewards, and fees of 20 % (40 % from ten slots on, 5 % more for masters).
  The books count the fee as commission at once; what is told to be on hold counts both.
* A rejected assignment is used up: reward and fee go back, the slot does not open again. Overriding the rejection
  holds and pays both anew.
* What nobody accepted goes back when the HIT is over; a later end holds it again. What is in hands then goes back
  when it is returned.
* A HIT is Reviewable when nothing is in hands and it is full or over, also when everything is reviewed. It is disposed
  of by itself 120 days after that.
* A token is kept for each of: making a HIT, extending one, paying a bonus. Only what was done uses it up.
* An assignment that is not submitted does not exist for the requester.
* A thousand workers exist, and whoever else has come or was named in `accept`; another is WorkerDoesNotExist.
* A type of equal values is the same type, whichever operation made it. A changed type may change what is held, not
  what is in workers' hands.
* Review policies are kept and told, and do nothing; notification settings are kept, and nothing is sent; HIT layouts do
  not exist; an answer key grades nothing.
* Files need no signature: their link has one, lives 60 seconds and is not counted as a request.
"""

from crowdhub_mturk.sandbox.market import MTurkSandbox
from crowdhub_mturk.sandbox.operations.people import Letter
from crowdhub_mturk.sandbox.readings import MTurkReadings
from crowdhub_mturk.sandbox.state import Assignment, Bonus, Hit

__all__ = ["Assignment", "Bonus", "Hit", "Letter", "MTurkReadings", "MTurkSandbox"]
