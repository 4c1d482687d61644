"""CapSolver (https://www.capsolver.com): one solution for one small task, for images and sites you own or may test."""

from crowdhub_capsolver.options import CapSolverOptions, CapSolverSettings
from crowdhub_capsolver.provider import CapSolver
from crowdhub_capsolver.tracker import AsksUsedUp, ResultLost, Tracker

__all__ = ["AsksUsedUp", "CapSolver", "CapSolverOptions", "CapSolverSettings", "ResultLost", "Tracker"]
