"""Every parser with some thousand broken inputs; `make fuzz` feeds each a million."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.fuzz.runner import Parser, parsers, run

PARSERS = parsers()


@pytest.mark.parametrize("name", PARSERS)
def test_broken_inputs_are_refused_and_never_raise(name: str) -> None:
    outcome = run(PARSERS[name], inputs=PARSERS[name].quick_inputs, seed=1)
    assert outcome.failure is None
    assert outcome.refused > 0
    assert outcome.taken > 0


@pytest.mark.parametrize("name", PARSERS)
def test_whole_inputs_are_taken(name: str) -> None:
    parser = PARSERS[name]
    assert any(parser.parse(seed) for seed in parser.seeds)


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_at_all_do_no_harm(name: str, data: bytes) -> None:
    PARSERS[name].parse(data)


def test_a_parser_that_raises_is_found_with_its_input() -> None:
    def parse(data: bytes) -> bool:
        return bool(data[0])

    outcome = run(Parser("breaks on nothing", parse, seeds=(b"",)), inputs=1000)
    assert outcome.failure == (b"", "IndexError('index out of range')")
