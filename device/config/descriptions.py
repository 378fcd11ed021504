"""What describes each setting: the docstring below it in the source.

They are read when somebody asks for them, because reading the sources takes a tenth of the start of a run.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from pydantic import BaseModel


def descriptions(table: type[BaseModel]) -> dict[str, str]:
    """Description of each key of a table, also of those that it inherits."""
    found: dict[str, str] = {}
    for kind in reversed(table.__mro__):
        if issubclass(kind, BaseModel) and kind is not BaseModel:
            found |= _docstrings(kind)
    return found


def add_descriptions(schema: dict[str, Any], table: type[BaseModel]) -> None:
    """Puts the descriptions of all keys into a JSON schema that pydantic made of ``table``."""
    for kind in {table, *_tables(table)}:
        part = schema if kind is table else schema["$defs"][kind.__name__]
        about = descriptions(kind)
        for key in about.keys() & part["properties"].keys():
            part["properties"][key]["description"] = about[key]


def _docstrings(kind: type[BaseModel]) -> Iterator[tuple[str, str]]:
    (made,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(made, ast.ClassDef)
    for key, text in pairwise(made.body):
        if isinstance(key, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            yield ast.unparse(key.target), inspect.cleandoc(str(text.value.value))


def _tables(table: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for field in table.model_fields.values():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield field.annotation
            yield from _tables(field.annotation)
