"""How the marketplace says no."""


class EtxtRefusal(Exception):
    """An answer `{"error": code}`, with HTTP status 200 like every other answer."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class EtxtStranger(EtxtRefusal):
    """The token is not known, or the sign is wrong."""


NO_PARAMS = "no_params"
NO_OBJECT = "no_object"
NO_ACCESS = "no_access"
MAX_LIMIT = "max_limit"
PRIVATE = "is_private_data"
