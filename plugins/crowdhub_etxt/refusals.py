"""What the marketplace's error codes and sentences mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crowdhub.errors import (
    AuthenticationFailed,
    CrowdhubError,
    InsufficientFunds,
    InvalidRequest,
    Issue,
    NotFound,
    PermissionDenied,
    ProviderError,
    RateLimited,
    UnreadableResponse,
)
from crowdhub.protocol import error_of_status, unreadable
from crowdhub_etxt.sentences import LONGEST, folded, said_alone, said_as_error

if TYPE_CHECKING:
    from crowdhub import Response

DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """The error that a code stands for. ``where``: the parameter that is at issue, for an `InvalidRequest`."""

    kind: type[CrowdhubError]
    words: str
    where: str | None = None
    retry_after: float | None = None

    def error(self) -> CrowdhubError:
        message = f"The marketplace refused it: {self.words}."
        if self.kind is InvalidRequest and self.where is not None:
            return InvalidRequest(issues=[Issue(self.where, self.words)])
        if self.kind is RateLimited:
            return RateLimited(message, retry_after=self.retry_after)
        return self.kind(message)


COMMON: Mapping[str, Refusal] = {
    "no_params": Refusal(InvalidRequest, "a required parameter is missing or wrong"),
    "no_object": Refusal(NotFound, "nothing was found for this request"),
    "no_access": Refusal(
        PermissionDenied,
        "no access to this action or object: in its present state, or with this balance, or with this key",
    ),
    "is_private_data": Refusal(InvalidRequest, "holds contact data, which is not allowed there", "text"),
    "max_limit": Refusal(InvalidRequest, "a limit that the marketplace sets for this operation is passed"),
    "file_is_empty": Refusal(InvalidRequest, "arrived empty", "file"),
    "file_not_uploaded": Refusal(InvalidRequest, "was not uploaded correctly", "file"),
    "file_too_big": Refusal(InvalidRequest, "is larger than the marketplace allows", "file"),
    "file_bad_type": Refusal(InvalidRequest, "has a format that the marketplace does not allow", "file"),
    "file_has_virus": Refusal(InvalidRequest, "holds a virus, says the marketplace", "file"),
}
"""The codes that any function may answer with."""

NO_KEY = Refusal(AuthenticationFailed, "the key or the signature was not accepted")
NO_WORK = Refusal(InvalidRequest, "the kind of work or the price does not meet the performer's conditions", "id_type")

OWN: Mapping[str, Mapping[str, Refusal]] = {
    "users.setReport": {
        "is_timeout": Refusal(RateLimited, "one review a day about the same user is allowed", retry_after=DAY),
        "no_access": Refusal(
            PermissionDenied,
            "no review may be added: this account is barred from reviews, or shares no work with that user",
        ),
    },
    "tasks.saveTask": {
        "no_utarget": Refusal(
            InvalidRequest, "there is no such performer, or one of you has the other on a black list", "id_target"
        ),
        "no_work": NO_WORK,
        "no_uwork": NO_WORK,  # not documented, but met live
    },
    **{
        # These are about nothing but the account itself: only a key that is not accepted has no access.
        function: {"no_access": Refusal(AuthenticationFailed, "no access, so the key or the signature is wrong")}
        for function in ("users.getBalance", "categories.listCategories", "options.getLangs")
    },
    "messages.writePrivate": {
        "max_limit": Refusal(RateLimited, "one private message a minute is allowed", retry_after=60),
    },
}
"""The codes of single functions, which go before the common ones."""


def _any_of(*words: str) -> re.Pattern[str]:
    """One of these words, in a sentence or in a code (``bad_sign``), and not as a piece of another."""
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(words)})(?![^\W_])", re.IGNORECASE)


# No code for a wrong signature, an unknown key or an empty account is documented: a word in a code, or in a short
# sentence under ``error``, decides which error it is. That it is one is certain there.
GUESSES: tuple[tuple[re.Pattern[str], Refusal], ...] = (
    (
        _any_of(
            *("sign", "signature", "tokens?", "auth", "(?:un)?authori[sz]ed", "authori[sz]ation", "authentication"),
            *("api[ _]?(?:key|pass)", "подпис[ьи]", "токена?", "для работы с API"),
        ),
        NO_KEY,
    ),
    (
        _any_of("money", "balance", "funds?", "средств"),
        Refusal(InsufficientFunds, "the account's balance does not cover it"),
    ),
)

SENTENCES: Mapping[str, Refusal] = {
    folded(sentence): refusal
    for sentence, refusal in {
        # Met live. That nothing was done is certain: the key comes before everything else.
        "Подпись не верна": NO_KEY,
        "Настройки пользователя для работы с API не верны": NO_KEY,
        # The words of the documentation for its codes.
        "Отсутствует или некорректен обязательный параметр функции": COMMON["no_params"],
        "Объектов по запросу не найдено": COMMON["no_object"],
        "Отсутствует доступ к запрашиваемому действию или объекту": COMMON["no_access"],
        "В значениях текстовых параметров используется контактная информация": COMMON["is_private_data"],
        "Превышение установленных лимитов операции": COMMON["max_limit"],
        "Получен пустой файл": COMMON["file_is_empty"],
        "Некорректная загрузка файла": COMMON["file_not_uploaded"],
        "Размер файла превышает допустимый лимит": COMMON["file_too_big"],
        "Недопустимый формат файла": COMMON["file_bad_type"],
        "Файл содержит вирус": COMMON["file_has_virus"],
        "Вид работы или цена заказа не соответствует критериям исполнителя": NO_WORK,
    }.items()
}
"""Sentences that are a refusal where they are the whole answer, in the form in which they are compared."""

_CODE = re.compile(r"\w{1,64}", re.ASCII)
_OPEN = (408, 429)  # statuses which say that it may be asked again, whatever the body is


def refusal_of(function: str, response: Response) -> CrowdhubError | None:
    """The error that an answer holds, or None for a result. Documented is a code under ``error``, with HTTP 200; live
    it is a sentence as well, and both also come alone, as a JSON text or as plain text.

    Under ``error`` whatever stands there is a refusal. Alone it is one where it is known, code or sentence, as a whole;
    other words are in the error, but whether anything was done is not known then. Raises `UnreadableResponse` for them
    and for what is not JSON.
    """
    by_status = error_of_status(response)
    status = response.status_code
    if by_status is not None and (not 400 <= status < 500 or status in _OPEN):
        return by_status
    alone = said_alone(response)
    if by_status is not None:
        return _refused_by_status(by_status, function, alone or _under_error(response))
    if alone is not None:
        known = _known(function, alone)
        if known is None:
            raise unreadable("it is not what this function answers", alone, response)
        return _refused(known, alone, status)
    said = said_as_error(response)
    return None if said is None else _refused(_known(function, said) or _guessed(said), said, status)


def _refused_by_status(by_status: CrowdhubError, function: str, said: str | None) -> CrowdhubError:
    """A 4xx: the marketplace's own word tells more than the status, but for a 401. Other words are perhaps a
    gateway's."""
    known = _known(function, said) if said is not None else None
    if said is None or known is None or isinstance(by_status, AuthenticationFailed):
        return by_status if said is None else by_status.with_(provider_message=said)
    return _refused(known, said, by_status.http_status)


def _refused(known: Refusal | None, said: str, status: int | None) -> CrowdhubError:
    found = known.error() if known is not None else ProviderError("The marketplace refused it.")
    said_as = "provider_code" if _CODE.fullmatch(said) else "provider_message"
    return found.with_(**{said_as: said}, sent=True, http_status=status)


def _under_error(response: Response) -> str | None:
    try:
        return said_as_error(response)
    except UnreadableResponse:
        return None


def is_nothing(error: CrowdhubError) -> bool:
    """Whether a refusal says that there is nothing of what was asked for: in the marketplace's own words. A gateway's
    404 says nothing of that."""
    return isinstance(error, NotFound) and (error.provider_code == "no_object" or error.http_status == 200)


def _known(function: str, said: str) -> Refusal | None:
    return OWN.get(function, {}).get(said) or COMMON.get(said) or SENTENCES.get(folded(said))


def _guessed(said: str) -> Refusal | None:
    if len(said) > LONGEST:
        return None
    return next((guess for pattern, guess in GUESSES if pattern.search(said)), None)
