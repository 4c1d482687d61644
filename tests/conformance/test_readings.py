"""A provider in several readings of what its marketplace's pages say."""

from __future__ import annotations

import pytest

from crowdhub.errors import ConfigurationError
from crowdhub.testing.campaign.profile import profile_of
from crowdhub.testing.prover import scenarios
from crowdhub.testing.subject import load, readings_of


def test_each_reading_has_the_options_that_play_it() -> None:
    names = readings_of("crowdsdom")
    assert names == ["crowdsdom", "crowdsdom:post", "crowdsdom:put", "crowdsdom:capital"]
    subjects = [load(name) for name in names]
    assert [each.name for each in subjects] == names
    assert {each.provider for each in subjects} == {"crowdsdom"}
    assert "verbs" not in subjects[0].played_options
    assert subjects[1].played_options == {**subjects[0].sandbox_options, "verbs": "post", "wrong_verb": 404}


def test_every_marketplace_that_is_documented_in_two_ways_has_readings() -> None:
    assert readings_of("etxt") == ["etxt", "etxt:other"]
    assert readings_of("rapidworkers") == ["rapidworkers", "rapidworkers:sample"]


def test_one_reading_alone() -> None:
    assert readings_of("crowdsdom:post") == ["crowdsdom:post"]
    assert readings_of("capsolver") == ["capsolver"]
    assert readings_of("crowdsdom:") == ["crowdsdom"]
    assert profile_of("crowdsdom:post").options["verbs"] == "post"
    assert {each.name.split("/")[0] for each in scenarios("crowdsdom:post", ["review"])} == {"crowdsdom:post"}


@pytest.mark.parametrize("name", ["crowdsdom:", "crowdsdom:nothing", "capsolver:post"])
def test_a_reading_that_there_is_not(name: str) -> None:
    with pytest.raises(ConfigurationError, match="has no reading"):
        load(name)
