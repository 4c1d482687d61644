"""What a worker handed in: the answer document, which comes out of a worker's browser.

It is read by expat alone, which fetches nothing; a document that declares a type of its own is refused where that
begins, so that no entity is ever defined, and one that is too long, too deep or of too many answers is refused as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

LONGEST = 1_000_000  # characters
DEEPEST = 10
MOST = 10_000  # answers


class NoAnswer(ValueError):
    """Not a document of answers, or one that is not read."""


@dataclass
class GivenAnswer:
    """What was given to one question."""

    texts: list[str] = field(default_factory=list[str])
    selected: list[str] = field(default_factory=list[str])
    others: list[str] = field(default_factory=list[str])
    files: list[str] = field(default_factory=list[str])

    @property
    def value(self) -> object:
        """The text; of a selection the ids of its choices, and where the worker wrote something else, that too."""
        if self.others:
            return {"selected": self.selected, "other": "\n".join(self.others)}
        if self.selected or not (self.texts or self.files):
            return self.selected
        return "\n".join(self.texts) if self.texts else self.files


def parsed(document: str | None) -> dict[str, GivenAnswer]:
    """The answers by the ids of their questions, in their order. Raises `NoAnswer`."""
    if document is None or not document.strip():
        return {}
    if len(document) > LONGEST:
        raise NoAnswer(f"has more than {LONGEST:,} characters")
    return _Reader().read(document)


class _Reader:
    """Follows the elements: an answer's question, and what was given to it."""

    def __init__(self) -> None:
        self._found: dict[str, GivenAnswer] = {}
        self._path: list[str] = []
        self._text: list[str] = []
        self._question: str | None = None
        self._given: list[tuple[str, str]] = []
        self._answers = 0

    def read(self, document: str) -> dict[str, GivenAnswer]:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._declared
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        try:
            _ = parser.Parse(document.encode(), True)
        except expat.ExpatError as error:
            raise NoAnswer(f"is no XML ({expat.ErrorString(error.code)})") from None
        except UnicodeEncodeError:
            raise NoAnswer("holds half a character") from None
        return self._found

    def _declared(self, *_: object) -> None:
        raise NoAnswer("declares a document type")

    def _begin(self, name: str, _: object) -> None:
        self._path.append(name.rpartition(" ")[2])
        if len(self._path) > DEEPEST:
            raise NoAnswer("is nested too deeply")
        if len(self._path) == 1 and self._path[0] != "QuestionFormAnswers":
            raise NoAnswer(f"is a {self._path[0][:40]}, not a QuestionFormAnswers")
        if self._is_answer:
            self._question, self._given = None, []
            self._answers += 1
            if self._answers > MOST:
                raise NoAnswer(f"has more than {MOST:,} answers")
        self._text.clear()

    @property
    def _is_answer(self) -> bool:
        return self._path == ["QuestionFormAnswers", "Answer"]

    def _end(self, _: str) -> None:
        if self._is_answer:
            self._keep()
        elif len(self._path) == 3 and self._path[1] == "Answer":
            text = "".join(self._text)
            if self._path[2] == "QuestionIdentifier":
                self._question = text.strip()
            else:
                self._given.append((self._path[2], text))
        self._text.clear()
        del self._path[-1]

    def _keep(self) -> None:
        if self._question is None:
            return
        answer = self._found.setdefault(self._question, GivenAnswer())
        for kind, text in self._given:
            match kind:
                case "FreeText":
                    answer.texts.append(text)
                case "SelectionIdentifier":
                    answer.selected.append(text)
                case "OtherSelectionText":
                    answer.others.append(text)
                case "UploadedFileKey":
                    answer.files.append(text)
                case _:  # sizes, and what a later schema may have
                    pass
