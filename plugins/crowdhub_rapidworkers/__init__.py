"""RapidWorkers (https://api.rapidworkers.io), the primary marketplace."""

from crowdhub_rapidworkers.jobs import ReadyMade
from crowdhub_rapidworkers.provider import RapidWorkers
from crowdhub_rapidworkers.settings import RapidWorkersOptions, RapidWorkersSettings

__all__ = ["RapidWorkers", "RapidWorkersOptions", "RapidWorkersSettings", "ReadyMade"]
