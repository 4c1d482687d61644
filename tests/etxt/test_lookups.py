"""What is found, and sent again, of native functions whose answers are lost: through the core, on scripted answers."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest

from crowdhub.errors import Lost, OutcomeUnknown
from crowdhub.operations.account import Account
from crowdhub.operations.spending.looking import LOOKS
from crowdhub.protocol import Call, Effect
from crowdhub_etxt import Etxt
from crowdhub_etxt.functions.records import Named
from tests.etxt.conftest import NOW, Ask
from tests.etxt.test_functions import method_of


def note(**more: object) -> dict[str, object]:
    return {"id": 9, "id_author": 501, "id_user": 7, "text": "Hello", **more}


def lost(_call: Call) -> Exception:
    return OutcomeUnknown("lost", lost=Lost.ANSWERED, sent_at=NOW)


@pytest.mark.parametrize("function", ["messages.writePrivate", "tasks.saveComment"])
def test_lost_words_are_found_or_sent_again_only_where_they_are_certainly_absent(
    provider: Etxt, ask: Ask, function: str
) -> None:
    def write(account: Account) -> Coroutine[Any, Any, object]:
        return account.run(method_of(provider, function)(7, "Hello"), key=None, amount=None)

    fresh, stale = (int(NOW.timestamp()) - age for age in (60, 600))
    done = {"id_user": 7, "id": 7, "id_comment": 9, "text": "Hello"}
    _, calls = ask(write, lost, [note(date=fresh)])
    assert len(calls) == 2
    other = [note(text="Other", date=fresh)]
    nothing = [{"error": "no_object"} for _ in LOOKS[Lost.ANSWERED][1:]]
    _, calls = ask(write, lost, other, *nothing, done)
    assert [call.effect for call in calls].count(Effect.SPEND) == 2
    with pytest.raises(OutcomeUnknown):
        ask(write, lost, [note(date=stale)])


def test_a_hidden_comment_cannot_be_looked_for(provider: Etxt, ask: Ask) -> None:
    hidden = provider.api.tasks.save_comment(7, "Hello", hide=True)
    with pytest.raises(OutcomeUnknown, match="comment on the order 7") as caught:
        ask(lambda account: account.run(hidden, key=None, amount=None), lost)
    assert "Nothing was spent" in str(caught.value)


def test_a_bought_article_is_not_bought_again(provider: Etxt, ask: Ask) -> None:
    def buy(account: Account) -> Coroutine[Any, Any, Named]:
        return account.run(provider.api.articles.buy(7), key=None, amount=None)

    bought, calls = ask(buy, lost, [{"id": 7, "date_buy": 1}])
    assert (bought.id, len(calls)) == (7, 2)
    assert dict(calls[1].form or {})["filter"] == "1"
    _, calls = ask(buy, lost, [], [], {"id": 7})
    assert len(calls) == 4


def test_a_folder_is_not_made_twice(provider: Etxt, ask: Ask) -> None:
    rows = [{"id_category": 3, "name": "New", "id_parent": 2}, {"id_category": 4, "name": "New", "id_parent": "0"}]
    add = provider.api.folders.add_folder("New")
    made, _ = ask(lambda account: account.run(add, key=None, amount=None), OutcomeUnknown("lost"), rows)
    assert made.id_folder == 4
