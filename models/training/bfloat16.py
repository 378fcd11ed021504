"""Convolutions in 16 bits, on the processors that gain by them."""

from __future__ import annotations

import torch


def in_bfloat16(wanted: bool) -> torch.autocast:
    """A context in which the processor's convolutions run in bfloat16 if that is ``wanted`` and faster here."""
    return torch.autocast("cpu", torch.bfloat16, enabled=wanted and has_bfloat16())


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16. Without such instructions a step takes seven times as long as in
    float32 (lids network, x86-64 with AVX2)."""
    # Releases of torch that cannot be asked compute in float32, which is right everywhere.
    has: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(present for name, present in has.items() if name.endswith("bf16"))
