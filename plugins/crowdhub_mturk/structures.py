"""The data structures that requests are given, and answers bring as well."""

from __future__ import annotations

from typing import Annotated, Self, cast

from pydantic import AliasChoices, AliasGenerator, ConfigDict, StringConstraints, ValidationError

from crowdhub.errors import InvalidRequest
from crowdhub.model import InputModel
from crowdhub.protocol import mapping, sequence
from crowdhub_mturk.names import wire_name
from crowdhub_mturk.words import Comparator, EventType, HITAccessActions, NotificationTransport

CountryParameters = Annotated[str, StringConstraints(min_length=2, max_length=2)]


class Structure(InputModel):
    """Its members are named in snake case, and as on the wire in answers."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=lambda name: AliasChoices(name, wire_name(name)))
    )

    def given(self) -> dict[str, object]:
        """The members that have a value, as they are named on the wire."""
        members = {wire_name(name): getattr(self, name) for name in type(self).model_fields}
        return {name: value for name, value in members.items() if value not in (None, ())}

    @classmethod
    def read(cls, told: object) -> Self | None:
        """What an answer brought; None for what is not one of these."""
        if isinstance(told, cls):
            return told
        try:
            return None if mapping(told) is None else cls.model_validate(told)
        except (InvalidRequest, ValidationError):
            return None

    @classmethod
    def read_all(cls, told: object) -> tuple[Self, ...]:
        listed = cast("tuple[object, ...]", told) if isinstance(told, tuple) else sequence(told) or ()
        return tuple(each for each in map(cls.read, listed) if each is not None)


class Locale(Structure):
    """A country (ISO 3166), or a part of one (ISO 3166-2)."""

    country: CountryParameters
    subdivision: CountryParameters | None = None


class QualificationRequirement(Structure):
    """What a worker must have, or must not have, to take a HIT."""

    qualification_type_id: str
    comparator: Comparator
    integer_values: tuple[int, ...] = ()
    locale_values: tuple[Locale, ...] = ()
    required_to_preview: bool | None = None
    actions_guarded: HITAccessActions | None = None

    @classmethod
    def invites(cls, qualification_type_id: str) -> Self:
        """Only workers with this qualification see and take it."""
        return cls._guarding(qualification_type_id, Comparator.EXISTS)

    @classmethod
    def excludes(cls, qualification_type_id: str) -> Self:
        """Workers with this qualification neither see nor take it."""
        return cls._guarding(qualification_type_id, Comparator.DOES_NOT_EXIST)

    @classmethod
    def _guarding(cls, qualification_type_id: str, comparator: Comparator) -> Self:
        hidden = HITAccessActions.DISCOVER_PREVIEW_AND_ACCEPT
        return cls(qualification_type_id=qualification_type_id, comparator=comparator, actions_guarded=hidden)


class HITLayoutParameter(Structure):
    name: str
    value: str


class ParameterMapEntry(Structure):
    key: str | None = None
    values: tuple[str, ...] = ()


class PolicyParameter(Structure):
    key: str | None = None
    values: tuple[str, ...] = ()
    map_entries: tuple[ParameterMapEntry, ...] = ()


class ReviewPolicy(Structure):
    """How the marketplace itself reviews work: https://docs.aws.amazon.com/AWSMechTurk, "Review policies"."""

    policy_name: str
    parameters: tuple[PolicyParameter, ...] = ()


class NotificationSpecification(Structure):
    destination: str
    transport: NotificationTransport
    version: str
    event_types: tuple[EventType, ...]
