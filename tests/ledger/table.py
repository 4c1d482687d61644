"""What its holder makes of an intent, as the ledger's documentation has it, for the tests of it."""

NOT_HELD = "not held"
AFTER = {
    "intended": {"sending": "sent", "paid": "paid", "finish": "done", "fail": "not_done", "unknown": "unknown"},
    "sent": {"sending": "sent", "paid": "paid", "finish": "done", "fail": "not_done", "unknown": "unknown"},
    "unknown": {"sending": "sent", "paid": "paid", "finish": "done", "fail": "not_done", "unknown": "unknown"},
    "paid": {"sending": "paid", "paid": "paid", "finish": "done", "fail": "paid", "unknown": "paid"},
    "done": {"sending": NOT_HELD, "paid": "done", "finish": "done", "fail": NOT_HELD, "unknown": NOT_HELD},
    "not_done": {"sending": NOT_HELD, "paid": "paid", "finish": "done", "fail": "not_done", "unknown": NOT_HELD},
}
