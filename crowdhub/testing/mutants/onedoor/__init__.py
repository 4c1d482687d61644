"""A marketplace that does not exist, with what the shipped ones lack.

All its operations share one path and are told apart by a header; bodies are raw bytes, signed as a whole; a task is
made and then started; many answers have no body; a rejection wants a hundred characters and a category; a bonus takes
two calls, of which the second pays; the account says what it pays in, in cents; a file's link costs a call.

The conformance kit must find nothing wrong with it, and everything that the mutants make wrong with it.
"""

from crowdhub.testing.mutants.onedoor.provider import Onedoor
from crowdhub.testing.mutants.onedoor.settings import OnedoorSettings, RejectionCategory

__all__ = ["Onedoor", "OnedoorSettings", "RejectionCategory"]
