"""All the application's markets."""

from crowdhub.hub.hub import AsyncHub, Hub

__all__ = ["AsyncHub", "Hub"]
