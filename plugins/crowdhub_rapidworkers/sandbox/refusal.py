"""How the marketplace says no."""


class RapidWorkersRefusal(Exception):
    """An answer with an error status; its text is the body's `error`."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers
