"""All the application's markets."""

from crowdhub.hub.aio import AsyncHub
from crowdhub.hub.sync import Hub

__all__ = ["AsyncHub", "Hub"]
