"""Folders within folders: the customer's projects, and the groups of the white and black list."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from crowdhub.sandbox.values import JsonObject
from crowdhub_etxt.sandbox.refusal import NO_OBJECT, NO_PARAMS, EtxtRefusal


@dataclass(slots=True)
class Node:
    """One folder; `parent` 0 is the root."""

    id: int
    name: str
    parent: int


class Tree:
    """A forest of named folders."""

    def __init__(self, first_id: int) -> None:
        self.nodes: dict[int, Node] = {}
        self._ids = count(first_id)

    def add(self, name: str, parent: int) -> Node:
        """A new folder in an existing one."""
        self.check(parent)
        node = Node(next(self._ids), name, parent)
        self.nodes[node.id] = node
        return node

    def move(self, node: Node, parent: int) -> None:
        """Hang a folder elsewhere, never into itself."""
        self.check(parent)
        if parent in self.within(node.id):
            raise EtxtRefusal(NO_PARAMS)
        node.parent = parent

    def check(self, node_id: int) -> None:
        """Refuse a folder that does not exist; 0 always does."""
        if node_id and node_id not in self.nodes:
            raise EtxtRefusal(NO_OBJECT)

    def within(self, node_id: int) -> list[int]:
        """This folder and all below it."""
        found = [node_id]
        for each in found:
            found += [node.id for node in self.nodes.values() if node.parent == each]
        return found

    def rows(self, order: Callable[[Node], tuple[str, int]]) -> list[JsonObject]:
        """The whole tree from the top, siblings in this order; a folder without folders in it is `last`."""
        return list(self._below(0, 0, order))

    def _below(self, parent: int, depth: int, order: Callable[[Node], tuple[str, int]]) -> Iterator[JsonObject]:
        for node in sorted((each for each in self.nodes.values() if each.parent == parent), key=order):
            inner = list(self._below(node.id, depth + 1, order))
            yield {
                "id_category": node.id,
                "id_parent": node.parent,
                "name": node.name,
                "depth": depth,
                "last": not inner,
            }
            yield from inner
