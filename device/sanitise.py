"""Texts of a log or a table that somebody else made must neither steer the terminal nor forge a line of it."""

from __future__ import annotations


def printable(text: str) -> str:
    """``text`` with a question mark for each control character, line end and change of the writing's direction."""
    return text if text.isprintable() else "".join(one if one.isprintable() else "?" for one in text)
