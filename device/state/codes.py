"""Codes of alerts: those that the shipped profiles raise, and names of its own that a profile may add (``x_...``).

A profile's own code goes everywhere as text. CAN has only room for a number: there the profile's own codes are numbered
in the order of its rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal, get_args

from wakeful.device.state.profile_problem import Problem

Code = Literal[
    "microsleep",
    "sleep",
    "unresponsive",
    "drowsy",
    "long_distraction",
    "short_distraction",
    "yawning",
    "distress",
]
MAX_LENGTH = 20
"""Characters of the longest code, so that every sentence on a serial line has room for it."""
MAX_OWN = 6
"""A profile may have this many codes of its own: CAN has no more numbers for them."""
FIRST_CAN_NUMBER = 9
"""The first own code has this number on CAN, the next ones follow."""

_OWN = re.compile(r"x_[a-z0-9_]+")


def own_codes(codes: Iterable[str]) -> tuple[str, ...]:
    """Those of the codes that are a profile's own, each once, in their order."""
    return tuple(dict.fromkeys(code for code in codes if code not in get_args(Code)))


def can_numbers(codes: Iterable[str]) -> dict[str, int]:
    """The numbers on CAN of a profile's own codes."""
    return {code: FIRST_CAN_NUMBER + position for position, code in enumerate(own_codes(codes)[:MAX_OWN])}


def code_problems(codes: Iterable[str]) -> Iterator[Problem]:
    """What is wrong with the codes of a profile's rules."""
    own: list[str] = []
    for position, code in enumerate(codes):
        if code in get_args(Code):
            continue
        where = ("rules", position, "code")
        if not _OWN.fullmatch(code):
            *first, last = (repr(known) for known in get_args(Code))
            known = f"{', '.join(first)} or {last}"
            fix = f"it should be {known}, or a code of your own: x_ and small letters, digits or _"
            yield Problem(where, f"rules.code = {code!r}: {fix}")
        elif len(code) > MAX_LENGTH:
            text = f"rules.code = {code!r} has {len(code)} characters: it should have at most {MAX_LENGTH}"
            yield Problem(where, text)
        elif code not in own:
            own.append(code)
            if len(own) > MAX_OWN:
                text = f"rules.code = {code!r}: a profile may have at most {MAX_OWN} codes of its own; use one again"
                yield Problem(where, text)
