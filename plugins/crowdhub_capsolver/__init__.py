"""CapSolver (https://www.capsolver.com): one solution for one small task, for images and sites you own or may test."""

from crowdhub_capsolver.options import CapSolverFeedback, CapSolverOptions, CapSolverSettings
from crowdhub_capsolver.provider import CapSolver
from crowdhub_capsolver.tracker import AsksUsedUp, ResultLost, Tracker
from crowdhub_capsolver.wire import Unsolvable

__all__ = [
    "AsksUsedUp",
    "CapSolver",
    "CapSolverFeedback",
    "CapSolverOptions",
    "CapSolverSettings",
    "ResultLost",
    "Tracker",
    "Unsolvable",
]
