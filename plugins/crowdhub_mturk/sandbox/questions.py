"""The three documents that a HIT can show, checked as their schemas have them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from crowdhub_mturk.sandbox.markup import Element, in_order, maybe, one, parsed, some
from crowdhub_mturk.sandbox.refusal import Refusal, unfit

SCHEMAS = "http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas"
LONGEST = 65_535  # bytes
STYLES = ("radiobutton", "checkbox", "list", "dropdown", "combobox", "multichooser")
CONTENT = ("Title", "Text", "List", "Binary", "EmbeddedBinary", "FormattedContent")


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that is asked: `kind` is the element of its answer."""

    id: str
    kind: str
    required: bool = False
    choices: tuple[str, ...] = ()
    other: bool = False
    least: int = 1
    most: int = 1
    numeric: tuple[int, int] | None = None
    length: tuple[int, int | None] = (0, None)


@dataclass(frozen=True, slots=True)
class Form:
    """What workers see: the name of the document, and what is asked where that can be told."""

    kind: str
    questions: tuple[Question, ...] = ()

    def question(self, name: str) -> Question | None:
        return next((each for each in self.questions if each.id == name), None)


def read_question(document: str) -> Form:
    """Raises `Refusal`."""
    if len(document.encode()) > LONGEST:
        raise unfit(f"Question must not be larger than {LONGEST} bytes")
    root = parsed(document)
    kind = _KINDS.get(root.name)
    if kind is None or root.namespace != f"{SCHEMAS}/{kind[0]}/{root.name}.xsd":
        raise Refusal(
            "XMLParseError", f"There was an error parsing the XML: no schema for {root.namespace} {root.name}"
        )
    return kind[1](root)


def _question_form(root: Element) -> Form:
    in_order(root, some("Overview", "Question"))
    for overview in root.all("Overview"):
        _content(overview)
    questions = tuple(_question(each) for each in root.all("Question"))
    if not questions:
        raise Refusal("XMLParseError", "There was an error parsing the XML: QuestionForm wants a Question.")
    names = [each.id for each in questions]
    if len(names) != len(set(names)):
        raise unfit("QuestionIdentifier must be unique in a QuestionForm")
    return Form(root.name, questions)


def _question(element: Element) -> Question:
    optional = (maybe("DisplayName"), maybe("IsRequired"))
    in_order(element, one("QuestionIdentifier"), *optional, one("QuestionContent"), one("AnswerSpecification"))
    content, answer = element.child("QuestionContent"), element.child("AnswerSpecification")
    assert content is not None
    assert answer is not None
    name = _filled(element, "QuestionIdentifier")
    required = _boolean(element.inner("IsRequired", "false"))
    _content(content)
    in_order(answer, one(*_ANSWERS))
    return _ANSWERS[answer.children[0].name](name, required, answer.children[0])


def _content(element: Element) -> None:
    in_order(element, some(*CONTENT))
    for each in element.children:
        match each.name:
            case "List":
                in_order(each, some("ListItem"))
            case "Binary":
                in_order(each, one("MimeType"), one("DataURL"), one("AltText"))
            case "EmbeddedBinary":
                fixed = (one("EmbeddedMimeType"), one("DataURL"), one("AltText"), one("Width"), one("Height"))
                in_order(each, *fixed, some("ApplicationParameter", least=0))
            case "FormattedContent":
                # Its text is XHTML: a fragment, which has to be well-formed.
                _ = parsed(f"<div>{each.text}</div>", "XHTMLParseError")
            case _:
                pass


def _free_text(name: str, required: bool, element: Element) -> Question:
    in_order(element, maybe("Constraints"), maybe("DefaultText"), maybe("NumberOfLinesSuggestion"))
    numeric, length = None, (0, None)
    if (constraints := element.child("Constraints")) is not None:
        in_order(constraints, maybe("IsNumeric"), maybe("Length"), some("AnswerFormatRegex", least=0))
        if (bounds := constraints.child("IsNumeric")) is not None:
            low = _whole(bounds.attributes.get("minValue", "0"), "minValue")
            numeric = low, _whole(bounds.attributes.get("maxValue", str(low + 100)), "maxValue")
        if (bounds := constraints.child("Length")) is not None:
            most = bounds.attributes.get("maxLength")
            least = _whole(bounds.attributes.get("minLength", "0"), "minLength")
            return Question(
                name,
                "FreeText",
                required,
                numeric=numeric,
                length=(least, None if most is None else _whole(most, "maxLength")),
            )
    if (lines := element.child("NumberOfLinesSuggestion")) is not None:
        _ = _whole(lines.text, "NumberOfLinesSuggestion")
    return Question(name, "FreeText", required, numeric=numeric, length=length)


def _selection(name: str, required: bool, element: Element) -> Question:
    optional = (maybe("MinSelectionCount"), maybe("MaxSelectionCount"), maybe("StyleSuggestion"))
    in_order(element, *optional, one("Selections"))
    selections = element.child("Selections")
    assert selections is not None
    in_order(selections, some("Selection"), maybe("OtherSelection"))
    for selection in selections.all("Selection"):
        in_order(selection, one("SelectionIdentifier"), one("Text", "FormattedContent", "Binary"))
    choices = tuple(_filled(each, "SelectionIdentifier") for each in selections.all("Selection"))
    if len(choices) != len(set(choices)):
        raise unfit(f"SelectionIdentifier must be unique in the question {name}")
    least = _whole(element.inner("MinSelectionCount", "1"), "MinSelectionCount")
    most = _whole(element.inner("MaxSelectionCount", "1"), "MaxSelectionCount")
    other = selections.child("OtherSelection") is not None
    if not 0 <= least <= most <= len(choices) + other:
        raise unfit(f"MinSelectionCount and MaxSelectionCount do not fit the question {name}")
    style = element.inner("StyleSuggestion", STYLES[0])
    if style not in STYLES:
        raise Refusal("XMLParseError", f"There was an error parsing the XML: StyleSuggestion is none of {STYLES}.")
    return Question(name, "Selection", required, choices, other, least, most)


def _upload(name: str, required: bool, element: Element) -> Question:
    in_order(element, one("MaxFileSizeInBytes"), one("MinFileSizeInBytes"))
    _ = [_whole(each.text, each.name) for each in element.children]
    return Question(name, "UploadedFile", required)


def _external(root: Element) -> Form:
    in_order(root, one("ExternalURL"), one("FrameHeight"))
    if not _filled(root, "ExternalURL").startswith("https://"):
        raise unfit("ExternalURL must begin with https://")
    _ = _whole(root.inner("FrameHeight"), "FrameHeight")
    return Form(root.name)


def _html(root: Element) -> Form:
    in_order(root, one("HTMLContent"), one("FrameHeight"))
    _ = _whole(root.inner("FrameHeight"), "FrameHeight")
    page = _Page()
    page.feed(_filled(root, "HTMLContent"))
    if not page.submits:
        raise unfit("HTMLContent has no form to /mturk/externalSubmit and no crowd-form")
    fields = dict.fromkeys(page.fields)
    return Form(root.name, tuple(Question(each, "FreeText") for each in fields if each != "assignmentId"))


class _Page(HTMLParser):
    """Finds the form of a page, and the names of its fields."""

    def __init__(self) -> None:
        super().__init__()
        self.submits = False
        self.fields: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "crowd-form" or (tag == "form" and (told.get("action") or "").endswith("/mturk/externalSubmit")):
            self.submits = True
        name = told.get("name")
        if name and (tag in ("input", "textarea", "select") or tag.startswith("crowd-")):
            self.fields.append(name)


def _filled(element: Element, name: str) -> str:
    text = element.inner(name).strip()
    if not text:
        raise unfit(f"{name} must not be empty")
    return text


def _whole(text: str, name: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < 0:
        raise Refusal("XMLParseError", f"There was an error parsing the XML: {name} must be a whole number.")
    return value


def _boolean(text: str) -> bool:
    if text.strip() not in ("true", "false", "1", "0"):
        raise Refusal("XMLParseError", "There was an error parsing the XML: IsRequired must be true or false.")
    return text.strip() in ("true", "1")


_ANSWERS: Mapping[str, Callable[[str, bool, Element], Question]] = {
    "FreeTextAnswer": _free_text,
    "SelectionAnswer": _selection,
    "FileUploadAnswer": _upload,
}
_KINDS: Mapping[str, tuple[str, Callable[[Element], Form]]] = {
    "QuestionForm": ("2017-11-06", _question_form),
    "ExternalQuestion": ("2006-07-14", _external),
    "HTMLQuestion": ("2011-11-11", _html),
}
