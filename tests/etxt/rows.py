"""Orders as the marketplace lists them, and drafts for them."""

from __future__ import annotations

from typing import Any

from crowdhub.model import TaskDraft
from crowdhub_etxt import EtxtOptions

REF = "ch-abcdefghijklmnop"


def order(number: int = 70, /, **more: object) -> dict[str, object]:
    plain = {
        "id": str(number),
        "title": "A text about bicycles",
        "description": f"Write it.\n\n[ref {REF}]",
        "status": "1",
        "public": "1",
        "price": "300",
        "price_type": "2",
        "id_category": "12",
        "date": "1772000000",
        "multitask": "0",
        "id_user": "0",
    }
    return {**plain, **more}


def with_options(draft: TaskDraft, **options: Any) -> TaskDraft:
    settings: dict[str, Any] = {"id_category": 12, "size": 2000, **options}
    return draft.copy_with(options=[EtxtOptions(**settings)])


def order_under_review(number: int = 70, **more: object) -> dict[str, object]:
    return {
        "id": number,
        "status": 3,
        "public": 1,
        "price": "300",
        "id_user": "5",
        "title": "T",
        "id_category": 1,
        **more,
    }


def result(order_id: int = 70, /, **more: object) -> dict[str, object]:
    plain = {
        "id": "901",
        "id_task": str(order_id),
        "id_user": "5",
        "date": "1772000000",
        "status": "0",
        "comment": "Hi",
    }
    return {**plain, **more}
