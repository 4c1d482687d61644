"""Whatever comes back: a result or one of our own errors, and the marketplace's spellings read alike."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st
from pydantic import SecretStr

from crowdhub import Response
from crowdhub.errors import CrowdhubError
from crowdhub.model import Money, Submission, Worker
from crowdhub.protocol import Operation, OperationRun
from crowdhub_etxt import Etxt, EtxtSettings, OrderStatus, TextType
from crowdhub_etxt.decoding import flag, ids_of, moment, names, record_of, roubles, rows_of
from crowdhub_etxt.encoding import MOSCOW, encode
from crowdhub_etxt.functions.orders import OrderInfo
from crowdhub_etxt.reading import marked, unmarked

NAMES = sorted(
    {*OrderInfo.model_fields, "error", "ids", "balance", "works", "positive", "files", "path", "id_task", "id_note"}
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ["", "0", "1", "5", "-1", "--5", "1e9", "12.50", "9" * 5000, "http://[", "01.02.2026", "no_object"]
    )
    | st.text(max_size=8)
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.sampled_from(["1", "70", "9" * 5000]), inner, max_size=6)
    ),
    max_leaves=12,
)


def operations(provider: Etxt) -> list[Operation[object]]:
    work = Submission(id="70", task_id="70", **provider.identity, worker=Worker(id="5"))
    api = provider.api
    return [
        provider.task("70"),
        provider.tasks(),
        provider.submissions("70"),
        provider.applications("70"),
        provider.worker("5"),
        provider.blocked_workers(),
        provider.balance(),
        provider.approve(work),
        provider.cancel("70"),
        provider.pay_bonus(work, Money(1, "RUB"), "x"),
        provider.state_of(work),
        api.users.get_works(5),
        api.users.get_reports(5),
        api.users.get_stats(),
        api.users.get_user_bw(5),
        api.options.get_langs(),
        api.categories.list_categories(),
        api.articles.get_list(),
        api.articles_archive.get_list(),
        api.tasks_archive.get_results(5),
        api.messages.get_count_unread(),
        api.detector.result(5),
        api.tasks.set_deadline(5, datetime.now(UTC).replace(year=datetime.now(UTC).year + 1)),
        api.bwgroups.delete_group(5),
        api.rating.list_tasks_fails(),
    ]


@given(st.data())
@budget(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_answer_is_a_result_or_one_of_our_errors(data: st.DataObject) -> None:
    provider = Etxt(EtxtSettings(token=SecretStr("tok123"), api_pass=SecretStr("secret")))
    made = [operation.taken() for operation in operations(provider)]
    chosen = data.draw(st.integers(0, len(made) - 1))
    with OperationRun(made[chosen]) as run:
        try:
            call = run.start()
            for _ in range(8):
                if call is None:
                    break
                reply = Response(200, json=data.draw(anything))
                try:
                    error = provider.error(call, reply)
                except CrowdhubError as unreadable:
                    error = unreadable
                call = run.throw(error) if error is not None else run.send(reply)
        except CrowdhubError as error:
            _ = str(error)


@pytest.mark.parametrize("given_value", [1, "1", True, Decimal(1), " 1 "])
def test_one_is_one_in_every_spelling(given_value: object) -> None:
    assert flag(given_value) is True
    assert roubles(given_value if not isinstance(given_value, bool) else 1) == Money(1, "RUB")
    assert OrderInfo.model_validate({"id": 1, "status": str(given_value).strip()}).status in (
        OrderStatus.WAITING,
        OrderStatus.UNKNOWN,
    )


def test_times() -> None:
    expected = datetime(2026, 2, 1, 9, 30, tzinfo=UTC)
    stamp = int(expected.timestamp())
    assert moment(stamp) == moment(str(stamp)) == moment("01.02.2026 12:30") == expected
    assert moment("01.02.2026") == datetime(2026, 2, 1, tzinfo=MOSCOW)
    empty: tuple[object, ...] = (0, "0", "", None, False, "soon", 10**30, "9" * 5000, [])
    for nothing in empty:
        assert moment(nothing) is None


@pytest.mark.parametrize(
    "shape",
    [
        [{"id": 1}, {"id": 2}],
        {"1": {"id": 1}, "2": {"id": 2}},
        {"1": [{"id": 1}], "2": [{"id": 2}]},
        [[{"id": 1}], {"5": {"id": 2}}],
    ],
)
def test_lists_in_every_shape(shape: object) -> None:
    assert rows_of(shape) == [{"id": 1}, {"id": 2}]


def test_single_shapes() -> None:
    for new in ({"a": [1, None]}, 2, None, "more"):
        assert rows_of({"1": {"id": 1}, "2": {"id": 2}, "new": new}) == [{"id": 1}, {"id": 2}]
    assert rows_of([]) == rows_of({}) == rows_of(None) == rows_of(False) == []
    assert rows_of({"id": 1, "files": {}}) == [{"id": 1, "files": {}}]
    assert record_of({"7": {"id": 7}}) == record_of([{"id": 7}]) == record_of({"id": 7}) == {"id": 7}
    assert ids_of(["1", 2]) == ids_of({"0": 1, "1": "2"}) == [1, 2]
    assert ids_of("5") == [5]
    assert ids_of(None) == ids_of([]) == []
    assert names("a, b") == names(["a", "b"]) == names({"1": "a", "2": "b"}) == ("a", "b")


def test_unknown_codes_break_nothing() -> None:
    assert OrderStatus("7") is OrderStatus(99) is OrderStatus("--5") is OrderStatus("9" * 5000) is OrderStatus.UNKNOWN  # type: ignore[arg-type]
    assert TextType("03") is TextType.NEWS  # type: ignore[arg-type]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(texts.filter(lambda text: "[ref " not in text), st.from_regex(r"[0-9A-Za-z-]{6,24}", fullmatch=True), texts)
@budget(max_examples=100, deadline=None)
def test_a_reference_comes_back_and_leaves_the_text(text: str, reference: str, added: str) -> None:
    assert unmarked(marked(text, reference)) == (text.rstrip(), reference)
    assert unmarked(marked(text, reference) + added)[1] == reference
    assert unmarked(text) == (text, None)


@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), st.lists(st.integers(), max_size=4) | st.booleans())
)
@budget(max_examples=100, deadline=None)
def test_arrays_and_flags_on_the_wire(params: dict[str, list[int] | bool]) -> None:
    wire = dict(encode(params))
    for name, value in params.items():
        if isinstance(value, bool):
            assert wire.pop(name) == str(int(value))
        else:
            assert [wire.pop(f"{name}[{n}]") for n in range(len(value))] == [str(each) for each in value]
    assert wire == {}
