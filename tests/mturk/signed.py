"""A requester of the sandbox that signs with botocore's signer, by the sandbox's clock, and knows nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from unittest.mock import patch

import botocore.session
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from crowdhub.sandbox import Sandbox
from crowdhub_mturk.sandbox import MTurkSandbox

MODEL = botocore.session.get_session().get_service_model("mturk")
TARGET = "MTurkRequesterServiceV20170117."
SCHEMAS = "http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas"
FREE_TEXT = "<AnswerSpecification><FreeTextAnswer/></AnswerSpecification>"
ASKED = f"""<QuestionIdentifier>said</QuestionIdentifier><IsRequired>true</IsRequired>
<QuestionContent><Text>What do you say?</Text></QuestionContent>{FREE_TEXT}"""


def form(questions: str = f"<Question>{ASKED}</Question>") -> str:
    """A QuestionForm around these questions."""
    return f'<QuestionForm xmlns="{SCHEMAS}/2017-11-06/QuestionForm.xsd">{questions}</QuestionForm>'


FORM = form()
TERMS: dict[str, Any] = {
    "Title": "Say something",
    "Description": "A word is enough.",
    "Reward": "0.50",
    "AssignmentDurationInSeconds": 600,
}
HIT: dict[str, Any] = {**TERMS, "LifetimeInSeconds": 86_400, "MaxAssignments": 3, "Question": FORM}


@dataclass(frozen=True)
class Refused:
    """An error, whichever family it is of."""

    status: int
    kind: str
    code: str | None
    words: str


class Requester:
    """Calls operations on the sandbox."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.market = box.market(MTurkSandbox)
        self.settings = box.accounts["mturk"]
        self.http = httpx.Client(trust_env=False)
        self.off = timedelta()
        """How far this requester's clock is ahead."""
        self.region, self.service = "us-east-1", "mturk-requester"

    def request(
        self, operation: str, body: bytes, *, unsigned: Mapping[str, str] | None = None
    ) -> tuple[str, dict[str, str]]:
        """The address and the headers of a signed request."""
        settings = self.settings
        keys = Credentials(settings["access_key_id"], settings["secret_access_key"], settings.get("session_token"))
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": TARGET + operation}
        request = AWSRequest("POST", settings["base_url"] + "/", headers=headers, data=body)
        with patch("botocore.auth.get_current_datetime", return_value=self.box.clock.now() + self.off):
            SigV4Auth(keys, self.service, self.region).add_auth(request)
        return settings["base_url"] + "/", {**dict(request.headers.items()), **(unsigned or {})}

    def send(self, operation: str, body: bytes) -> httpx.Response:
        address, headers = self.request(operation, body)
        return self.http.post(address, content=body, headers=headers)

    def call(self, operation: str, **members: object) -> dict[str, Any]:
        """What an operation answers, which is no error."""
        answer = self.send(operation, json.dumps(members).encode())
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/x-amz-json-1.1"
        told: dict[str, Any] = answer.json()
        _is_as_modelled(told, MODEL.operation_model(operation).output_shape, operation)
        return told

    def refused(self, operation: str, **members: object) -> Refused:
        """The error that an operation answers."""
        return refusal(self.send(operation, json.dumps(members).encode()))

    def publish(self, **members: object) -> str:
        """The id of a HIT."""
        hit_id: str = self.call("CreateHIT", **{**HIT, **members})["HIT"]["HITId"]
        return hit_id

    def hit(self, hit_id: str) -> dict[str, Any]:
        hit: dict[str, Any] = self.call("GetHIT", HITId=hit_id)["HIT"]
        return hit

    def numbers(self, hit_id: str) -> tuple[str, int, int, int]:
        """Its status, and how many assignments are in hands, available, completed."""
        hit = self.hit(hit_id)
        pending, available, completed = (
            hit[f"NumberOfAssignments{name}"] for name in ("Pending", "Available", "Completed")
        )
        return hit["HITStatus"], pending, available, completed

    def balance(self) -> tuple[str, str]:
        """What is available, and what is on hold."""
        told = self.call("GetAccountBalance")
        return told["AvailableBalance"], told["OnHoldBalance"]


def _is_as_modelled(value: object, shape: Any, where: str) -> None:
    """Whether an answer is what botocore's model says: it reads no member that it does not know."""
    match shape.type_name:
        case "structure":
            assert isinstance(value, dict), where
            members = cast("dict[str, object]", value)
            assert members.keys() <= shape.members.keys(), (where, members)
            for name, member in members.items():
                _is_as_modelled(member, shape.members[name], f"{where}.{name}")
        case "list":
            assert isinstance(value, list), where
            for each in cast("list[object]", value):
                _is_as_modelled(each, shape.member, f"{where}[]")
        case "string":
            assert isinstance(value, str), where
            assert value in shape.metadata.get("enum", [value]), (where, value)
            assert re.search(shape.metadata.get("pattern", ""), value), (where, value)
            assert shape.metadata.get("min", 0) <= len(value) <= shape.metadata.get("max", len(value)), (where, value)
        case kind:
            types = {"integer": int, "long": int, "boolean": bool, "timestamp": float}
            assert type(value) is types[kind], (where, value)


def refusal(answer: httpx.Response) -> Refused:
    """The error in an answer."""
    assert answer.status_code >= 400, answer.text
    told = answer.json()
    kind = str(told["__type"]).rpartition("#")[2]
    return Refused(answer.status_code, kind, told.get("TurkErrorCode"), told.get("Message", told.get("message")))


@contextmanager
def requester(**options: object) -> Generator[Requester]:
    """A sandbox in which nobody works by themselves, and its requester."""
    with Sandbox(MTurkSandbox, options={"mturk": {"every": 0, "balance": "100.00", **options}}) as box:
        made = Requester(box)
        with made.http:
            yield made


@pytest.fixture
def mturk() -> Iterator[Requester]:
    with requester() as made:
        yield made
