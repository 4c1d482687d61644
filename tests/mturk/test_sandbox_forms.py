"""The three documents, in the order that their schemas want; what workers hand in."""

from __future__ import annotations

from random import Random

import pytest

from crowdhub_mturk.sandbox.answers import NAMESPACE, document, made_up
from crowdhub_mturk.sandbox.markup import parsed
from crowdhub_mturk.sandbox.questions import read_question
from crowdhub_mturk.sandbox.refusal import Refusal
from tests.mturk.signed import ASKED, FREE_TEXT, HIT, SCHEMAS, Requester, form, mturk, requester

__all__ = ["mturk"]
CONTENT = "<QuestionContent><Title>A title</Title><Text>What?</Text></QuestionContent>"


def asked(specification: str, name: str = "asked", more: str = "") -> str:
    answer = f"<AnswerSpecification>{specification}</AnswerSpecification>"
    return f"<Question><QuestionIdentifier>{name}</QuestionIdentifier>{more}{CONTENT}{answer}</Question>"


def selections(*names: str, before: str = "", after: str = "") -> str:
    listed = "".join(
        f"<Selection><SelectionIdentifier>{name}</SelectionIdentifier><Text>{name}</Text></Selection>" for name in names
    )
    return f"<SelectionAnswer>{before}<Selections>{listed}{after}</Selections></SelectionAnswer>"


def external(url: str = "https://example.com/?a=1&amp;b=2", height: str = "600") -> str:
    content = f"<ExternalURL>{url}</ExternalURL><FrameHeight>{height}</FrameHeight>"
    return f'<ExternalQuestion xmlns="{SCHEMAS}/2006-07-14/ExternalQuestion.xsd">{content}</ExternalQuestion>'


def page(
    html: str = '<form action="https://www.mturk.com/mturk/externalSubmit"><input name="assignmentId">'
    '<textarea name="said"></textarea></form>',
) -> str:
    content = f"<HTMLContent><![CDATA[{html}]]></HTMLContent><FrameHeight>0</FrameHeight>"
    return f'<HTMLQuestion xmlns="{SCHEMAS}/2011-11-11/HTMLQuestion.xsd">{content}</HTMLQuestion>'


def free(content: str) -> str:
    return f"<FreeTextAnswer>{content}</FreeTextAnswer>"


def upload(content: str) -> str:
    return f"<FileUploadAnswer>{content}</FileUploadAnswer>"


def formatted(text: str) -> str:
    content = f"<FormattedContent>{text}</FormattedContent>"
    return form(f"<Question>{ASKED.replace('<Text>What do you say?</Text>', content)}</Question>")


DATA = "<DataURL>https://example.com/a</DataURL><AltText>A</AltText>"
OVERVIEW = "<Overview><Title>All of it</Title><List><ListItem>one</ListItem></List></Overview>"
BINARY = f"<Binary><MimeType><Type>image</Type></MimeType>{DATA}</Binary>"
EMBEDDED = f"""<EmbeddedBinary><EmbeddedMimeType><Type>video</Type></EmbeddedMimeType>{DATA}<Width>4</Width>
<Height>3</Height></EmbeddedBinary>"""
DISPLAY = "<DisplayName>A</DisplayName>"
MOST, LEAST = "<MaxFileSizeInBytes>9</MaxFileSizeInBytes>", "<MinFileSizeInBytes>1</MinFileSizeInBytes>"
MIN = "<MinSelectionCount>{}</MinSelectionCount>"
MAX = "<MaxSelectionCount>{}</MaxSelectionCount>"
STYLE = "<StyleSuggestion>{}</StyleSuggestion>"


@pytest.mark.parametrize(
    "question",
    [
        form(),
        form(OVERVIEW + asked("<FreeTextAnswer/>")),
        form(asked(free("<Constraints><Length minLength='2'/></Constraints><DefaultText>x</DefaultText>"))),
        form(asked(free("<Constraints><AnswerFormatRegex regex='x'/></Constraints>"))),
        form(asked(selections("a", "b", before=MIN.format(0) + MAX.format(2) + STYLE.format("checkbox")))),
        form(asked(selections("a", after="<OtherSelection/>"), more=DISPLAY + "<IsRequired>1</IsRequired>")),
        formatted("<![CDATA[<b>b</b>]]>"),
        form(f"<Overview>{BINARY}</Overview>" + asked(free("<NumberOfLinesSuggestion>3</NumberOfLinesSuggestion>"))),
        form(f"<Overview>{EMBEDDED}</Overview>" + asked("<FreeTextAnswer/>")),
        external(),
        page(),
        page("<crowd-form><crowd-input name='said'></crowd-input></crowd-form>"),
    ],
)
def test_forms_as_the_schemas_have_them_are_taken(mturk: Requester, question: str) -> None:
    hit = mturk.publish(Question=question)
    assert mturk.hit(hit)["Question"] == question
    (work,) = mturk.market.hand_in(hit)
    answer = parsed(mturk.call("GetAssignment", AssignmentId=work)["Assignment"]["Answer"])
    assert (answer.name, answer.namespace) == ("QuestionFormAnswers", NAMESPACE)
    assert len(answer.children) == 1


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("words", "XMLParseError"),
        ("<QuestionForm>", "XMLParseError"),
        (form().replace("2017-11-06", "2005-10-01"), "XMLParseError"),
        ("<QuestionForm/>", "XMLParseError"),
        (form(""), "XMLParseError"),
        (form("words" + asked("<FreeTextAnswer/>")), "XMLParseError"),
        ("<!DOCTYPE QuestionForm>" + form(), "XMLParseError"),
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + form(), "XMLParseError"),
        (form().replace("What", "&who;"), "XMLParseError"),
        # the order matters
        (form(asked("<FreeTextAnswer/>", more="<IsRequired>true</IsRequired>" + DISPLAY)), "XMLParseError"),
        (form(f"<Question>{FREE_TEXT}{CONTENT}<QuestionIdentifier>a</QuestionIdentifier></Question>"), "XMLParseError"),
        (form(asked(selections("a", before=MAX.format(1) + MIN.format(1)))), "XMLParseError"),
        (form(asked(free("<DefaultText/><Constraints/>"))), "XMLParseError"),
        (form(asked(upload(LEAST + MOST))), "XMLParseError"),
        (form(asked("")), "XMLParseError"),
        (
            form("<Overview><Binary><AltText>x</AltText></Binary></Overview>" + asked("<FreeTextAnswer/>")),
            "XMLParseError",
        ),
        (form("<Overview><Application/></Overview>" + asked("<FreeTextAnswer/>")), "XMLParseError"),
        (form(asked(free("<NumberOfLinesSuggestion>few</NumberOfLinesSuggestion>"))), "XMLParseError"),
        (form(asked("<FreeTextAnswer/><FreeTextAnswer/>")), "XMLParseError"),
        (form(asked("<FreeTextAnswer/>", more="<IsRequired>yes</IsRequired>")), "XMLParseError"),
        (form(asked(selections("a", before=STYLE.format("bold")))), "XMLParseError"),
        (form(asked(selections())), "XMLParseError"),
        (form(asked(selections("a", before=MAX.format(2)))), "ParameterValidationError"),
        (form(asked(selections("a", "a"))), "ParameterValidationError"),
        (form(asked("<FreeTextAnswer/>") * 2), "ParameterValidationError"),
        (form(asked("<FreeTextAnswer/>", name=" ")), "ParameterValidationError"),
        (formatted("&lt;b&gt;"), "XHTMLParseError"),
        (form(asked("<FreeTextAnswer/>") + " " * 65_536), "ParameterValidationError"),
        (form().replace("What", "é" * 33_000), "ParameterValidationError"),  # bytes, not characters
        (external("http://example.com/"), "ParameterValidationError"),
        (external(""), "ParameterValidationError"),
        (external(height="tall"), "XMLParseError"),
        (page("<p>No form</p>"), "ParameterValidationError"),
        (page('<form action="https://example.com/"></form>'), "ParameterValidationError"),
    ],
)
def test_other_forms_are_refused_and_leave_nothing_behind(mturk: Requester, question: str, code: str) -> None:
    refused = mturk.refused("CreateHIT", **{**HIT, "Question": question})
    assert (refused.kind, refused.code) == ("RequestError", f"AWS.MechanicalTurk.{code}")
    assert mturk.market.turk.types == {}


def test_a_question_or_a_layout_which_does_not_exist(mturk: Requester) -> None:
    without = {name: value for name, value in HIT.items() if name != "Question"}
    assert mturk.refused("CreateHIT", **without).code == "AWS.MechanicalTurk.ParameterValidationError"
    assert mturk.refused("CreateHIT", **without, HITLayoutId="3L").code == "AWS.MechanicalTurk.HITLayoutDoesNotExist"
    assert mturk.refused("CreateHIT", **HIT, HITLayoutParameters=[{"Name": "a", "Value": "b"}]).code is not None


def test_files_may_have_had_their_day() -> None:
    question = form(asked(upload(MOST + LEAST)))
    with requester(file_uploads=False) as mturk:
        assert "not supported" in mturk.refused("CreateHIT", **{**HIT, "Question": question}).words


def test_a_file_is_served_for_a_minute_to_whoever_has_the_link(mturk: Requester) -> None:
    hit = mturk.publish(Question=form(asked(upload(MOST + LEAST), name="a shot")))
    (work,) = mturk.market.hand_in(hit, files={"a shot": b"\x89PNG"})
    answer = mturk.call("GetAssignment", AssignmentId=work)["Assignment"]["Answer"]
    assert f"<UploadedFileKey>{work}/1</UploadedFileKey>" in answer
    assert "<UploadedFileSizeInBytes>4</UploadedFileSizeInBytes>" in answer

    def link() -> str:
        url: str = mturk.call("GetFileUploadURL", AssignmentId=work, QuestionIdentifier="a shot")["FileUploadURL"]
        return url

    url, count = link(), mturk.market.request_count
    file = mturk.http.get(url)
    assert (file.content, file.headers["content-type"]) == (b"\x89PNG", "application/octet-stream")
    assert mturk.market.request_count == count
    assert mturk.http.get(url.replace("Expires=1", "Expires=2")).status_code == 403
    assert mturk.http.get(url.partition("?")[0]).status_code == 403
    mturk.box.advance(seconds=59)
    assert mturk.http.get(url).status_code == 200
    mturk.box.advance(seconds=1)
    assert mturk.http.get(url).status_code == 403
    assert mturk.http.get(link()).status_code == 200
    assert mturk.refused("GetFileUploadURL", AssignmentId=work, QuestionIdentifier="b").code is not None
    url = link()
    mturk.call("ApproveAssignment", AssignmentId=work)
    mturk.call("UpdateExpirationForHIT", HITId=hit, ExpireAt=1)
    mturk.call("DeleteHIT", HITId=hit)
    assert mturk.http.get(url).status_code == 403
    assert "disposed" in mturk.refused("GetFileUploadURL", AssignmentId=work, QuestionIdentifier="a shot").words


def test_made_up_files_are_pictures(mturk: Requester) -> None:
    (work,) = mturk.market.hand_in(mturk.publish(Question=form(asked(upload(MOST + LEAST)))))
    url = mturk.call("GetFileUploadURL", AssignmentId=work, QuestionIdentifier="asked")["FileUploadURL"]
    assert mturk.http.get(url).content.startswith(b"\x89PNG")


def test_made_up_answers_fit_the_form() -> None:
    numeric = free("<Constraints><IsNumeric minValue='3' maxValue='5'/></Constraints>")
    long = free("<Constraints><Length minLength='30' maxLength='40'/></Constraints>")
    chosen = selections("a", "b", "c", before=MIN.format(2) + MAX.format(3))
    read = read_question(form(asked(numeric, "number") + asked(long, "long") + asked(chosen, "chosen")))
    for seed in range(20):
        given = made_up(read, Random(seed))
        assert 3 <= int(str(given["number"])) <= 5
        assert 30 <= len(given["long"]) <= 40
        assert 2 <= len(set(given["chosen"])) <= 3


def test_answers_are_written_as_what_they_answer() -> None:
    read = read_question(form(asked("<FreeTextAnswer/>", "free") + asked(selections("a", "b"), "chosen")))

    def answers(**given: str | list[str]) -> list[list[tuple[str, str]]]:
        root = parsed(document(read, given, {}))
        return [[(each.name, each.text) for each in answer.children[1:]] for answer in root.children]

    assert answers(free="<a>") == [[("FreeText", "<a>")]]
    assert answers(chosen="a") == [[("SelectionIdentifier", "a")]]
    assert answers(chosen=["a", "b"]) == [[("SelectionIdentifier", "a"), ("SelectionIdentifier", "b")]]
    assert answers(chosen="something else") == [[("OtherSelectionText", "something else")]]
    assert answers() == []


def test_a_whole_document_can_be_handed_in(mturk: Requester) -> None:
    (work,) = mturk.market.hand_in(mturk.publish(), answers="<!DOCTYPE x><x/>")
    assert mturk.call("GetAssignment", AssignmentId=work)["Assignment"]["Answer"] == "<!DOCTYPE x><x/>"


def test_a_bomb_is_none() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 20))
    with pytest.raises(Refusal, match="DOCTYPE"):
        parsed(f'<!DOCTYPE x [<!ENTITY e0 "x">{entities}]><x>&e19;</x>')
