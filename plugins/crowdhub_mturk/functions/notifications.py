"""Events that the marketplace tells of by itself."""

from __future__ import annotations

from crowdhub.protocol import Flow, operation
from crowdhub_mturk.functions.base import Family
from crowdhub_mturk.structures import NotificationSpecification
from crowdhub_mturk.words import EventType


class Notifications(Family):
    @operation
    def update_notification_settings(
        self, hit_type_id: str, notification: NotificationSpecification | None = None, active: bool | None = None
    ) -> Flow[None]:
        """``UpdateNotificationSettings`` of a type of HITs."""
        asked = {"HITTypeId": hit_type_id, "Notification": notification, "Active": active}
        yield from self._change("UpdateNotificationSettings", **asked)

    @operation
    def send_test_event_notification(
        self, notification: NotificationSpecification, test_event_type: EventType
    ) -> Flow[None]:
        """``SendTestEventNotification``: sent again, it is told again, which harms nobody."""
        asked = {"Notification": notification, "TestEventType": test_event_type}
        yield from self._change("SendTestEventNotification", **asked)
