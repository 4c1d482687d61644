"""eTXT on loopback, written from the provider's documentation alone.

It imports nothing from the client side of this plugin, so that a mistake cannot hide by being made twice.

Where the documentation is silent or contradicts itself, this sandbox decides (and `EtxtQuirks` has a switch
where a client must cope with both):

The protocol
* A missing `method`, `token` or `sign` in the query, and an unknown method, is no_params; an unknown token or a
  wrong sign is no_access (`auth_error`). All refusals are HTTP 200; only a URL over 2048 characters is 414, with
  an HTML page, and files that are gone are 404.
* The sign covers the query's parameters under the names as sent (`id[0]`), decoded, sorted by the bytes of
  their names; of a repeated name the last value counts, of `id[]` each. A body parameter wins over the query's.
  The names method, token and sign are read from the query alone: detector.send has a `method` of its own.
* What is missing or malformed is no_params, what passes a stated maximum is max_limit (also a deadline beyond 90
  days, a bonus above three prices, more than 100 ids); `count` above its maximum is the maximum. An email address
  or an international telephone number in words that others read is is_private_data.
* What does not exist is no_object, what is somebody else's or in another state no_access. Of an array of orders
  the ones in the right state are processed and named in `ids`; none is no_access, all unknown is no_object.
* A listing that finds nothing is no_object (`empty_lists_refused`). Numbers, flags and times are text
  (`numbers_as_text`), an empty map is `[]` (`empty_maps_as_lists`), listings are lists (`records_by_id`).
* Deadlines are in Moscow's time. A date without a time means 23:59. tasks.setDeadline takes a deadline from now on
  (`deadline_can_shorten`), of an order that waits, is in work or overdue; otherwise it is no_access.

Money
* Publishing takes the full price from the balance and holds it, for a multitask once for each order that can come
  of it (`hold_at`); a draft costs nothing. Deleting, unpublishing and failTask give back, paidTask pays the
  performer out of what is held. An edit moves only the difference (kind "change"). There is no commission on
  orders and bonuses unless `commission` says so; an article's price includes it.
* Too little money is no_access (`funds_error`): no code for it is documented.
* correction.add, correction.import and detector.send cost the sandbox's own prices, which are not documented.

Orders
* tasks.saveTask on an existing order needs the required fields again (`partial_edit`); optional ones stay as they
  are. A new order without a deadline has five days. A source text with another type than rewriting or
  translation is no_params. Only waiting orders and drafts can be changed.
* An order due within 24 hours is urgent. A redo leaves at least a day. A result below the wanted uniqueness is
  sent back at once. tasks.cancelTask counts one id as one order, whatever becomes of it.
* The list shows a failed order with status 5 until its two weeks are over. A done order goes to the archive after
  `archive_after_days`. No parameter sets the level of an order: `id_level` is 0.
* tasks.getResults has no field for the text: it is a file named "text" beside those named "file". Links to results
  and to ZIP archives live 24 hours from the answer; links to an order's own file and to avatars stay.
* tasks.viewNotes shows comments and the applications that wait; one that was answered is gone from it, and
  answering it again is no_access.
* A private message needs a rating above 10000, a second within a minute is max_limit (`message_timeout_error`).
* detector.*: the values of type, method, paid, status and data are lost in the documentation; any are taken,
  status is 0 for five minutes and then 1, data has `uniq` and `ai`.
"""

from crowdhub_etxt.sandbox.accounts import Letter
from crowdhub_etxt.sandbox.functions import FUNCTIONS
from crowdhub_etxt.sandbox.market import EtxtSandbox
from crowdhub_etxt.sandbox.orders import OrderState, Quality, Remark, ResultVerdict, SandboxOrder, SandboxResult, Terms
from crowdhub_etxt.sandbox.quirks import EtxtQuirks
from crowdhub_etxt.sandbox.signature import signature

__all__ = [
    "FUNCTIONS",
    "EtxtQuirks",
    "EtxtSandbox",
    "Letter",
    "OrderState",
    "Quality",
    "Remark",
    "ResultVerdict",
    "SandboxOrder",
    "SandboxResult",
    "Terms",
    "signature",
]
