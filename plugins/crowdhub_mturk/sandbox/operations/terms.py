"""Reading what HITs of a type share, within its limits."""

import re
from decimal import Decimal

from crowdhub_mturk.sandbox.members import Members
from crowdhub_mturk.sandbox.qualifications import LOCALE, Qualifications
from crowdhub_mturk.sandbox.refusal import unfit
from crowdhub_mturk.sandbox.state import HitType, Requirement

LENGTHS = {"Title": 127, "Description": 1_999, "Keywords": 999}
YEAR, MONTH = 31_536_000, 2_592_000  # seconds
MOST_DOLLARS = 1_000_000  # where the service stops is not documented
MOST_REQUIREMENTS, MOST_INTEGERS, MOST_LOCALES = 10, 15, 30
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def fits(condition: bool, words: str) -> None:
    """Raises `Refusal` where a condition does not hold."""
    if not condition:
        raise unfit(words)


def plain(text: str, name: str, most: int) -> str:
    """A text for people: not too long, no control characters."""
    fits(len(text) <= most, f"{name} must not be longer than {most} characters")
    fits(not _CONTROL.search(text), f"{name} must not contain control characters")
    return text


def dollars(given: Members, name: str) -> Decimal:
    """An amount with which can be reckoned."""
    amount = given.money(name)
    fits(amount <= MOST_DOLLARS, f"{name} must not be more than {MOST_DOLLARS}")
    return amount


class HitTerms:
    """Reads types of HITs."""

    def __init__(self, qualifications: Qualifications) -> None:
        self._qualifications = qualifications

    def read(self, given: Members) -> HitType:
        """Raises `Refusal`."""
        for name, most in LENGTHS.items():
            if name in given:
                _ = plain(given.text(name), name, most)
        for name in ("Title", "Description"):
            fits(bool(given.text(name).strip()), f"{name} must not be empty")
        duration = given.whole("AssignmentDurationInSeconds")
        fits(30 <= duration <= YEAR, f"AssignmentDurationInSeconds must be between 30 and {YEAR}")
        delay = given.whole("AutoApprovalDelayInSeconds", MONTH)
        fits(0 <= delay <= MONTH, f"AutoApprovalDelayInSeconds must be between 0 and {MONTH}")
        requirements = tuple(self._requirement(each) for each in given.records("QualificationRequirements"))
        fits(len(requirements) <= MOST_REQUIREMENTS, f"there can be {MOST_REQUIREMENTS} QualificationRequirements")
        return HitType(
            title=given.text("Title"),
            description=given.text("Description"),
            keywords=given.maybe_text("Keywords"),
            reward=dollars(given, "Reward"),
            duration=duration,
            auto_approval=delay,
            requirements=requirements,
        )

    def _requirement(self, given: Members) -> Requirement:
        type_id, comparator = given.text("QualificationTypeId"), given.text("Comparator")
        kind = self._qualifications.type(type_id)
        fits(kind.status == "Active", f"the QualificationType {type_id} is Inactive")
        integers = given.wholes("IntegerValues")
        locales = [(each.text("Country"), each.maybe_text("Subdivision")) for each in given.records("LocaleValues")]
        several = comparator in ("In", "NotIn")
        if comparator in ("Exists", "DoesNotExist"):
            fits(not integers and not locales, f"{comparator} takes no values")
        elif type_id == LOCALE:
            fits(comparator in ("EqualTo", "NotEqualTo", "In", "NotIn"), f"a locale cannot be {comparator}")
            fits(not integers, "a locale has no IntegerValues")
            fits(1 <= len(locales) <= (MOST_LOCALES if several else 1), "the number of LocaleValues does not fit")
        else:
            fits(not locales, f"{type_id} has no LocaleValues")
            fits(1 <= len(integers) <= (MOST_INTEGERS if several else 1), "the number of IntegerValues does not fit")
        preview = given.flag("RequiredToPreview") if "RequiredToPreview" in given else None
        guarded = given.maybe_text("ActionsGuarded")
        fits(preview is None or guarded is None, "RequiredToPreview and ActionsGuarded exclude each other")
        return Requirement(type_id, comparator, tuple(integers), tuple(locales), preview, guarded)
