"""What a command says: a JSON document, and the page that the program prints."""

from __future__ import annotations

import html
import json
from typing import Any

from ._table import Table, of_records


class Document:
    """The answer of a command.

    ``print(document)`` shows the page of the program; `to_json` has the bytes of its ``--json``; ``document["key"]`` and
    `to_dict` have the same as Python objects, and `table` a list in it as a table. The keys of each command are described by
    a JSON Schema in the repository (docs/README.md).
    """

    def __init__(self, command: str, text: str, page: str) -> None:
        #: The command of the program that says the same.
        self.command = command
        self._text = text
        self._page = page
        self._content: dict[str, Any] = json.loads(text)

    def __getitem__(self, key: str) -> Any:
        return self._content[key]

    def __contains__(self, key: object) -> bool:
        return key in self._content

    def keys(self) -> list[str]:
        """The keys at the top."""
        return list(self._content)

    def to_dict(self) -> dict[str, Any]:
        """The document as Python objects."""
        content: dict[str, Any] = json.loads(self._text)
        return content

    def to_json(self) -> str:
        """The document as the program writes it."""
        return self._text

    def table(self, key: str) -> Table:
        """A list in the document as a table, one row for each element: ``table("disclosures")``, ``table("families")``. Keys
        within keys are joined by points: ``table("exact.groups")``."""
        found: Any = self._content
        for part in key.split("."):
            found = found[part]
        if not isinstance(found, list) or not all(isinstance(element, dict) for element in found):
            raise KeyError(f"{key} is no list of objects")
        return of_records(found)

    def __str__(self) -> str:
        return self._page

    def __repr__(self) -> str:
        return f"<{self.command}: {', '.join(self._content)}>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self._page)}</pre>"


class Lineage(Document):
    """The answer of `lineage`, with its trees as graphs."""

    def __init__(self, text: str, page: str, dot: str, mermaid: str) -> None:
        super().__init__("haze lineage", text, page)
        self._dot = dot
        self._mermaid = mermaid

    def to_dot(self) -> str:
        """The trees for Graphviz."""
        return self._dot

    def to_mermaid(self) -> str:
        """The trees as a Mermaid flowchart."""
        return self._mermaid
