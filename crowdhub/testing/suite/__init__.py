"""The conformance kit's tests. They run with `pytest --crowdhub-provider NAME` and belong to no provider."""
