"""The one error a sandbox raises at the person who drives it (never over the wire)."""


class SandboxError(Exception):
    """The sandbox was asked for something it cannot do: an unknown market, a full job, a stopped box."""
