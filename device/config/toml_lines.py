"""The line of each key of a TOML file, so that a mistake can be reported where it was made.

``tomllib`` gives values without their places. This reads the same text for places only; it is asked after ``tomllib``
has accepted the text, so it need not check it.
"""

from __future__ import annotations

import re

from wakeful.frozen import dataclass

KeyPath = tuple[int | str, ...]
"""Keys and, for lists, positions from 0 on, as in ("rules", 2, "when", "closure_s")."""

_TOKEN = re.compile(
    r"""
    (?P<string>\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')
  | (?P<comment>\#[^\n]*)
  | (?P<newline>\n)
  | (?P<mark>[{}\[\],=.])
  | (?P<bare>[A-Za-z0-9_+:-]+)
    """,
    re.VERBOSE | re.DOTALL,
)


class TomlLines:
    """Lines, from 1 on, of the keys, tables and list elements of a text that is valid TOML."""

    def __init__(self, text: str) -> None:
        self._lines = _Reader().read(text)

    def exactly(self, path: KeyPath) -> int | None:
        """The line of a key itself; None if the text does not give it."""
        return self._lines.get(path)

    def of(self, path: KeyPath) -> int | None:
        """The line of a key, or of the nearest thing around it that the text has; None if it has nothing of it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return None


@dataclass(slots=True)
class _Open:
    """A list or inline table that has begun and not ended. ``index`` counts the elements of a list."""

    path: KeyPath
    index: int | None


class _Reader:
    """Goes through a text once. ``words`` are the parts of the name that is being read."""

    def __init__(self) -> None:
        self._lines: dict[KeyPath, int] = {}
        self._counts: dict[KeyPath, int] = {}
        self._line = 1
        self._previous = "\n"
        self._heading = ""
        self._table: KeyPath = ()
        self._key: KeyPath = ()
        self._nested: list[_Open] = []
        self._words: list[str] = []

    def read(self, text: str) -> dict[KeyPath, int]:
        for token in _TOKEN.finditer(text):
            part = token.group()
            match token.lastgroup:
                case "comment":
                    continue
                case "newline":
                    self._end_line()
                case "mark" if self._heading:
                    self._read_heading(part)
                case "mark":
                    self._read_mark(part)
                case "string":
                    self._words.append(part.strip("\"'"))
                case _:
                    self._words.append(part)
            self._line += part.count("\n")
            self._previous = part
        return self._lines

    def _end_line(self) -> None:
        self._heading = ""
        self._words = []

    def _read_heading(self, mark: str) -> None:
        if mark == "[":
            self._heading += mark
        elif mark == "]" and self._words:
            self._begin_table(is_list=self._heading == "[[")
            self._words = []

    def _read_mark(self, mark: str) -> None:
        match mark:
            case "[" if self._previous == "\n" and not self._nested:
                self._heading = mark
            case "=":
                self._key = (self._nested[-1].path if self._nested else self._table) + tuple(self._words)
                self._lines.setdefault(self._key, self._line)
                self._words = []
            case "[" | "{":
                self._nested.append(_Open(self._value_path(), 0 if mark == "[" else None))
            case "]" | "}":
                self._nested.pop()
                self._words = []
            case ",":
                if self._nested[-1].index is not None:
                    self._nested[-1].index += 1
                self._words = []

    def _value_path(self) -> KeyPath:
        """The path of a list or table that begins: an element of the list around it, or the value of the last key."""
        if not self._nested or self._nested[-1].index is None:
            return self._key
        path = (*self._nested[-1].path, self._nested[-1].index)
        self._lines.setdefault(path, self._line)
        return path

    def _begin_table(self, *, is_list: bool) -> None:
        """A heading; ``[[name]]`` begins the next element of a list, and names below it mean its last element."""
        path: KeyPath = ()
        for position, name in enumerate(self._words):
            path += (name,)
            if is_list and position == len(self._words) - 1:
                self._counts[path] = self._counts.get(path, -1) + 1
            self._lines.setdefault(path, self._line)
            if path in self._counts:
                path += (self._counts[path],)
                self._lines.setdefault(path, self._line)
        self._table = path
