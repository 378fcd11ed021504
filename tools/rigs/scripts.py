"""Scripts of the synthetic driver, as they stand in a scenario's file."""

from __future__ import annotations


def eyes_shut(duration_s: float, *spans: tuple[float, float]) -> str:
    """A driver whose eyes are shut in these spans, s; lids take a tenth of a second."""
    keyframes = [
        f"{{ t = {t_s:g}, eyes = {opening} }}"
        for start_s, end_s in spans
        for t_s, opening in ((start_s - 0.1, 1), (start_s, 0), (end_s, 0), (end_s + 0.1, 1))
    ]
    return f"duration_s = {duration_s:g}\nkeyframes = [{', '.join(keyframes)}]\n"
