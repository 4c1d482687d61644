"""`review`: from a file, all at once, by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crowdhub.cli import decisions
from crowdhub.errors import InvalidRequest
from crowdhub.sandbox import Fault

from .conftest import Cli


def states(cli: Cli, task: str) -> dict[str, str]:
    return {str(each.id): each.status for each in cli.side.submissions(task)}


def test_all_of_a_full_task_in_bulk(cli: Cli) -> None:
    task = cli.publish(slots=20)
    _ = cli.side.hand_in(task, 20)
    cli.side.clear_requests()
    said = cli.ok("review", task, "--approve-all", "--note", "thanks").out
    assert said == "rapidworkers (sandbox): 20 approved; 4 requests\n"
    assert cli.side.request_count == 6  # the list, and the job's counters before it, for it may be long
    assert set(states(cli, task).values()) == {"Approved"}


@pytest.mark.parametrize("text", ["a" * 131_073, f"submission,{'v' * 131_073}\n"], ids=["one cell", "a header"])
def test_a_first_line_that_is_no_csv_is_named(cli: Cli, text: str) -> None:
    (cli.folder / "r.csv").write_text(text)
    said = cli("review", "1", cli.folder / "r.csv")
    assert said.code == 2
    assert "r.csv, line 1: is not CSV" in said.err


def test_decisions_from_csv(cli: Cli) -> None:
    task = cli.publish(slots=5)
    a, b, c, d = cli.side.hand_in(task, 4)
    text = f'submission,verdict,comment\n{a},approve,\n{b},Reject,"no number, no picture"\n{c},approve,well done\n'
    (cli.folder / "d.csv").write_text("\ufeff" + text, encoding="utf-8")
    assert "2 approved, 1 rejected" in cli.ok("review", task, "d.csv").out
    assert states(cli, task) == {str(a): "Approved", str(b): "Rejected", str(c): "Approved", str(d): "Pending"}
    rejected = next(each for each in cli.side.submissions(task) if each.id == b)
    assert rejected.notes == "no number, no picture"


def test_the_same_decisions_again_change_nothing(cli: Cli) -> None:
    task = cli.publish(slots=5)
    a, b = cli.side.hand_in(task, 2)
    lines = [{"submission": a, "verdict": "approve"}, {"submission": str(b), "verdict": "reject", "comment": "bad"}]
    (cli.folder / "d.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    first = cli.ok("review", task, "d.jsonl", "--json").rows
    assert [row["result"] for row in first] == ["approved", "rejected"]
    assert {row["environment"] for row in first} == {"sandbox"}
    again = cli.ok("review", task, "d.jsonl", "--json").rows
    assert [row["result"] for row in again] == ["already", "already"]
    assert cli.side.books().agree()


def test_a_decision_that_fails_is_told_and_stops_no_other(cli: Cli) -> None:
    task = cli.publish(slots=5)
    a, b = cli.side.hand_in(task, 2)
    (cli.folder / "one.csv").write_text(f"submission,verdict,comment\n{a},reject,bad\n", encoding="utf-8")
    (cli.folder / "two.csv").write_text(f"submission,verdict\n{a},approve\n{b},approve\n", encoding="utf-8")
    _ = cli.ok("review", task, "one.csv")
    said = cli("review", task, "two.csv")
    assert said.code == 3
    assert "1 approved, 1 failed" in said.out
    assert f"failed: approve {a}:" in said.err
    assert states(cli, task) == {str(a): "Rejected", str(b): "Approved"}


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ("id;verdict;comment\n{a};approve;\n{a};approve;\n;approve;\n{b};maybe;\n{b};reject;\n", ["3", "4", "5", "6"]),
        ('{{"submission": "{a}", "verdict": "approve"}}\n{{oops\n[1]\n', ["2", "3"]),
        ("{a},approve\n", ["1"]),
        ("submission,verdict\n999999,approve\n888888,approve\n", ["2", "3"]),
    ],
)
def test_a_wrong_file_names_every_bad_line_and_sends_nothing(cli: Cli, content: str, faults: list[str]) -> None:
    task = cli.publish(slots=5)
    a, b = cli.side.hand_in(task, 2)
    (cli.folder / "d").write_text(content.format(a=a, b=b), encoding="utf-8")
    said = cli("review", task, "d")
    assert said.code == 2
    for line in faults:
        assert f"d, line {line}:" in said.err
    assert set(states(cli, task).values()) == {"Pending"}


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ('{a},approve,"good\n{b},reject,spam\n', 2, "a quote is opened and not closed"),
        ('{a},approve,\n{b},reject,"bad\n', 3, "a quote is opened and not closed"),
        ('{a},approve,"good"x\n', 2, "text stands behind a closing quote (line 2)"),
        ('{a},approve,"good\n{b},reject,"bad"\n', 2, "text stands behind a closing quote (line 3)"),
        ('{a},approve,"good\n{b},reject,bad"\n', 2, "looks like further rows"),
        ('{a},approve,"good\n{b},reject,"\n', 2, "looks like further rows"),
        ('{a},approve,"good\n\n{b},reject,spam\nand so on"\n', 2, "looks like further rows"),
        ('{a},approve,"good\n{b},rejct,spam\n"\n', 2, "looks like further rows"),
        ('{a},"approve\n{b}",reject\n', 2, "the cell of 'verdict' goes on for several lines"),
        ('"{a}\n",approve,\n', 2, "the cell of 'submission' goes on for several lines"),
        ('{a},"approve\n"\n', 2, "goes on for several lines"),
    ],
)
def test_a_quote_swallows_no_decisions(cli: Cli, content: str, line: int, words: str) -> None:
    task = cli.publish(slots=5)
    a, b = cli.side.hand_in(task, 2)
    text = "submission,verdict,comment\n" + content.format(a=a, b=b)
    (cli.folder / "d.csv").write_text(text, encoding="utf-8")
    cli.side.clear_requests()
    said = cli("review", task, "d.csv", "--yes")
    assert said.code == 2
    assert f"d.csv, line {line}: " in said.err
    assert words in said.err
    assert cli.side.request_count == 0


def test_a_header_swallows_no_decisions_either(tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text('submission,verdict,"comment\n1,approve,good"\n2,approve,\n', encoding="utf-8")
    with pytest.raises(InvalidRequest, match=r"d\.csv, line 1: names no columns"):
        decisions.read_file(file)


def test_a_swallowed_row_is_seen_whatever_column_the_comment_is_in(tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text('submission,comment,verdict\n1,"good\n3,spam",approve\n', encoding="utf-8")
    with pytest.raises(InvalidRequest, match="looks like further rows"):
        decisions.read_file(file)


def test_a_cell_of_several_lines_and_others_that_are_missing(tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text('submission,verdict,comment,by\n1,approve,good\n2,approve,"good\nwork"\n', encoding="utf-8")
    with pytest.raises(InvalidRequest, match="line 3: has a cell of several lines, and fewer cells"):
        decisions.read_file(file)


def test_a_comment_of_several_lines_stays_whole(tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    comment = 'The first page is missing.\n\nSend it, please; "all" of it.\u2028Thanks'
    quoted = comment.replace('"', '""')
    file.write_text(f'submission,verdict,comment\n1,reject,"{quoted}"\n\n2,approve,\n', encoding="utf-8")
    found = decisions.read_file(file)
    assert [(each.number, each.submission, each.comment) for each in found] == [(2, "1", comment), (6, "2", None)]
    lines = json.dumps({"submission": 1, "verdict": "reject", "comment": comment}, ensure_ascii=False)
    file.write_text(lines, encoding="utf-8")
    assert [each.comment for each in decisions.read_file(file)] == [comment]


@pytest.mark.parametrize(
    ("file", "content", "line", "name"),
    [
        ("d.jsonl", '{{"submission":"{a}","verdict":"reject","comment":"spam","verdict":"approve"}}', 1, "verdict"),
        ("d.jsonl", '\n{{"submission":"{a}","verdict":"reject","comment":"x","Verdict ":"approve"}}', 2, "verdict"),
        ("d.jsonl", '{{"submission":"{a}","submission":"{b}","verdict":"approve"}}', 1, "submission"),
        ("d.csv", "submission,verdict,comment,verdict\n{a},reject,x,approve\n", 1, "verdict"),
        ("d.csv", "submission;Verdict;comment;verdict \n{a};reject;x;\n", 1, "verdict"),
    ],
)
def test_a_decision_does_not_contradict_itself(cli: Cli, file: str, content: str, line: int, name: str) -> None:
    task = cli.publish(slots=5)
    a, b = cli.side.hand_in(task, 2)
    (cli.folder / file).write_text(content.format(a=a, b=b), encoding="utf-8")
    cli.side.clear_requests()
    said = cli("review", task, file, "--yes")
    assert said.code == 2
    assert f"{file}, line {line}: names " in said.err
    assert f"{name!r} twice" in said.err
    assert cli.side.request_count == 0


def test_half_a_character_is_named_with_its_line_before_any_request(cli: Cli) -> None:
    (cli.folder / "d.jsonl").write_text('{"submission": "1", "verdict": "reject", "comment": "a \\ud800"}\n')
    said = cli("review", "1", "d.jsonl")
    assert said.code == 2
    assert "d.jsonl, line 1: holds half a character" in said.err
    assert cli.side.request_count == 0


def test_columns_without_a_name_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text("submission,verdict,,\n1,approve,,\n", encoding="utf-8")
    assert [each.submission for each in decisions.read_file(file)] == ["1"]


def test_one_by_one(cli: Cli) -> None:
    task = cli.publish(slots=9)
    a, b, c, d = cli.side.hand_in(task, 4, text="\x1b[31mred")
    said = cli.ok("review", task, typed="a\nr\n\ntoo dark\ns\nq\n")
    assert "1 approved, 1 rejected" in said.out
    assert "\x1b[31m" not in said.err + said.out
    assert states(cli, task) == {str(a): "Approved", str(b): "Rejected", str(c): "Pending", str(d): "Pending"}


@pytest.mark.parametrize("typed", ["q\n", "s\nq\n"])
def test_whoever_decides_nothing_is_not_told_that_there_is_nothing(cli: Cli, typed: str) -> None:
    task = cli.publish(slots=9)
    _ = cli.side.hand_in(task, 3)
    said = cli.ok("review", task, typed=typed)
    assert "Nothing was decided on task" in said.err


def test_what_was_decided_before_an_interruption_is_kept(cli: Cli) -> None:
    task = cli.publish(slots=9)
    a, b, c = cli.side.hand_in(task, 3)
    said = cli("review", task, typed="a\nr\ntoo dark\n")
    assert said.code == 130
    assert "nothing was sent. 2 decisions are kept" in said.err
    assert set(states(cli, task).values()) == {"Pending"}
    said = cli.ok("review", task, typed="a\n")
    assert f"{a}: approve, as decided before" in said.err
    assert "2 approved, 1 rejected" in said.out
    assert states(cli, task) == {str(a): "Approved", str(b): "Rejected", str(c): "Approved"}
    assert "as decided before" not in cli("review", task).err


def test_what_was_decided_can_be_forgotten(cli: Cli) -> None:
    task = cli.publish(slots=9)
    (one,) = cli.side.hand_in(task)
    assert cli("review", task, typed="a\n").code == 0
    (two,) = cli.side.hand_in(task)
    _ = cli.side.hand_in(task)
    assert cli("review", task, typed="r\nno\n").code == 130
    said = cli.ok("review", task, "--anew", typed="a\nq\n")
    assert "as decided before" not in said.err
    found = states(cli, task)
    assert (found[str(one)], found[str(two)]) == ("Approved", "Approved")


def test_what_fails_stays_decided(cli: Cli) -> None:
    task = cli.publish(slots=9)
    _ = cli.side.hand_in(task)
    cli.side.faults.add(Fault.status(403, "before"), path="/approve/")
    assert cli("review", task, typed="a\n").code == 3
    said = cli.ok("review", task)
    assert "as decided before" in said.err
    assert "1 approved" in said.out


def test_only_what_the_marketplace_can_do_is_offered(cli: Cli) -> None:
    task = cli.publish(slots=9)
    _ = cli.side.hand_in(task)
    said = cli.ok("review", task, typed="d\nq\n")  # there is no redo on RapidWorkers
    assert "approve, reject, skip, quit" in said.err
    assert "select one of the available options" in said.err


def test_nothing_to_decide(cli: Cli) -> None:
    said = cli.ok("review", cli.publish(), "--approve-all")
    assert "Nothing to decide" in said.err
    assert "rapidworkers (sandbox)" in said.err


def test_a_live_account_does_not_pay_unasked(cli: Cli) -> None:
    task = cli.publish(slots=3)
    _ = cli.side.hand_in(task, 3)
    cli.write(rw={**cli.box.accounts["rapidworkers"], "provider": "rapidworkers", "environment": "live"})
    assert cli("review", task, "--approve-all", "--account=rw").code == 2
    assert set(states(cli, task).values()) == {"Pending"}
    assert cli("review", task, "--approve-all", "--account=rw", "--yes").code == 0
    assert set(states(cli, task).values()) == {"Approved"}


def test_the_comment_is_also_found_under_its_former_name(tmp_path: Path) -> None:
    file = tmp_path / "old.csv"
    file.write_text("submission,verdict,words\n1,reject,no picture\n2,approve,\n", encoding="utf-8")
    assert [line.comment for line in decisions.read_file(file)] == ["no picture", None]
