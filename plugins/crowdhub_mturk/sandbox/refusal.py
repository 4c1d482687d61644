"""The two families of errors: MTurk's own, and those of the front door that all of AWS shares."""

FAMILY = "AWS.MechanicalTurk."


class Refusal(Exception):
    """MTurk's own: a ``RequestError`` with a ``TurkErrorCode``, which some refusals lack."""

    def __init__(self, code: str | None, words: str) -> None:
        super().__init__(words)
        self.code = None if code is None else FAMILY + code
        self.words = words


class FrontDoorRefusal(Exception):
    """The front door's: a kind that ends in ``Exception``, and a ``message``."""

    def __init__(self, kind: str, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.kind = kind
        self.words = words
        self.status = status


def missing(what: str, given: str) -> Refusal:
    """Something that does not exist, or belongs to somebody else."""
    return Refusal(f"{what}DoesNotExist", f"{what} {given} does not exist.")


def unfit(words: str) -> Refusal:
    """A parameter that is of the right type and still cannot be."""
    return Refusal("ParameterValidationError", f"There was an error with the parameters: {words}.")


def wrong_state(what: str, state: str, *fits: str) -> Refusal:
    """What has a state in which this cannot be done."""
    listed = ", ".join(fits)
    return Refusal(
        f"Invalid{what}State",
        f"This {what} is currently in the state '{state}'. This operation can be called with a status of: {listed}",
    )
