"""A check of the conformance kit itself: bugs put into a provider on purpose, each of which it must catch."""
