"""XML as it is checked here: a tree of elements, no document type, no entities of one's own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

from crowdhub_mturk.sandbox.refusal import Refusal


@dataclass(slots=True)
class Element:
    """An element: its name without the namespace, which all of a document share."""

    name: str
    namespace: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list["Element"])
    pieces: list[str] = field(default_factory=list[str])

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def child(self, name: str) -> "Element | None":
        return next((each for each in self.children if each.name == name), None)

    def inner(self, name: str, default: str = "") -> str:
        """The text of a child."""
        found = self.child(name)
        return default if found is None else found.text

    def all(self, name: str) -> list["Element"]:
        return [each for each in self.children if each.name == name]


def parsed(document: str, code: str = "XMLParseError") -> Element:
    """The root of a document. Raises `Refusal` with this code."""
    parser = expat.ParserCreate(namespace_separator=" ")
    open_elements: list[Element] = [Element("", "", {})]

    def start(name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        element = Element(local, namespace, attributes)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(_name: str) -> None:
        _ = open_elements.pop()

    def characters(text: str) -> None:
        open_elements[-1].pieces.append(text)

    def doctype(*_told: object) -> None:
        raise Refusal(code, "There was an error parsing the XML: a DOCTYPE is not allowed.")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = doctype
    try:
        _ = parser.Parse(document.encode(), True)
    except expat.ExpatError as fault:
        raise Refusal(code, f"There was an error parsing the XML: {fault}") from None
    return open_elements[0].children[0]


@dataclass(frozen=True, slots=True)
class Part:
    """One place in a sequence: one of these elements, so many times."""

    names: tuple[str, ...]
    least: int = 1
    most: int | None = 1


def one(*names: str) -> Part:
    return Part(names)


def maybe(*names: str) -> Part:
    return Part(names, 0)


def some(*names: str, least: int = 1) -> Part:
    return Part(names, least, None)


def in_order(element: Element, *parts: Part) -> None:
    """Raises `Refusal` where the children are not these, in this order."""
    left: Sequence[Element] = element.children
    for part in parts:
        count = 0
        while count < len(left) and left[count].name in part.names and (part.most is None or count < part.most):
            count += 1
        if count < part.least:
            found = left[count].name if count < len(left) else "nothing"
            raise _unfit(f"{element.name} wants {' or '.join(part.names)}, and there is {found}")
        left = left[count:]
    if left:
        raise _unfit(f"{element.name} has {left[0].name} where it cannot stand")
    if parts and element.text.strip():
        raise _unfit(f"{element.name} has text of its own")


def _unfit(words: str) -> Refusal:
    return Refusal("XMLParseError", f"There was an error parsing the XML question or answer data: {words}.")
