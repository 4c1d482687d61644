"""CrowdSDOM (https://www.crowdsdom.com): jobs with structured forms, reviewed one piece of work at a time."""

from crowdhub_crowdsdom.job_types import JobType
from crowdhub_crowdsdom.options import CrowdSDOMOptions, CrowdSDOMSettings, CrowdSDOMText
from crowdhub_crowdsdom.provider import CrowdSDOM

__all__ = ["CrowdSDOM", "CrowdSDOMOptions", "CrowdSDOMSettings", "CrowdSDOMText", "JobType"]
