"""Notifications of events: settings are kept, and nothing is sent."""

from dataclasses import dataclass

from crowdhub.sandbox.values import JsonObject
from crowdhub_mturk.sandbox.members import Members
from crowdhub_mturk.sandbox.operations.call import Call, Handlers
from crowdhub_mturk.sandbox.operations.terms import fits
from crowdhub_mturk.sandbox.turk import Turk

VERSION = "2006-05-05"


@dataclass(frozen=True, slots=True)
class Notification:
    """Where events of a HIT type are told."""

    destination: str
    transport: str
    events: tuple[str, ...]


class EventOperations:
    def __init__(self, turk: Turk) -> None:
        self._turk = turk
        self.settings: dict[str, Notification] = {}
        self.active: set[str] = set()
        self.tests: list[tuple[Notification, str]] = []

    def handlers(self) -> Handlers:
        return {"UpdateNotificationSettings": self.update, "SendTestEventNotification": self.test}

    def update(self, call: Call) -> JsonObject:
        type_id, told = call.given.text("HITTypeId"), call.given.maybe_record("Notification")
        _ = self._turk.type(type_id)
        fits(told is not None or "Active" in call.given, "either Notification or Active must be given")
        if told is not None:
            read = _read(told)
            fits("Ping" not in read.events, "Ping is for SendTestEventNotification alone")
            self.settings[type_id] = read
        fits(type_id in self.settings, "the HIT type has no Notification yet")
        if call.given.flag("Active", True):
            self.active.add(type_id)
        else:
            self.active.discard(type_id)
        return {}

    def test(self, call: Call) -> JsonObject:
        told = call.given.maybe_record("Notification")
        assert told is not None
        self.tests.append((_read(told), call.given.text("TestEventType")))
        return {}


def _read(told: Members) -> Notification:
    fits(told.text("Version") == VERSION, f"Version must be {VERSION}")
    fits(bool(told.texts("EventTypes")), "EventTypes must not be empty")
    return Notification(told.text("Destination"), told.text("Transport"), tuple(told.texts("EventTypes")))
