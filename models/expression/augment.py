"""Varies training faces, a whole batch at once: pose in the picture, gamma and hidden parts."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from wakeful.frozen import dataclass
from wakeful.models.expression.face import MIN_SPREAD


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far faces vary; every figure is the largest deviation, drawn evenly up to it.

    Attributes:
        shift: of the size of the picture.
        scale, stretch: natural logarithm of the factor; stretch widens while it flattens.
        log_gamma: natural logarithm of the exponent applied to grey levels 0 to 1.
        hidden: share of faces with one rectangle hidden; hidden_side: its smallest and largest side, of the picture's.
    """

    rotation_deg: float = 15.0
    shift: float = 0.09
    scale: float = 0.16
    stretch: float = 0.08
    shear: float = 0.1
    log_gamma: float = 0.5
    hidden: float = 0.5
    hidden_side: tuple[float, float] = (0.12, 0.42)

    def calmer(self) -> Augmentation:
        """Half as far, and nothing hidden."""
        return Augmentation(
            rotation_deg=self.rotation_deg / 2.0,
            shift=self.shift / 2.0,
            scale=self.scale / 2.0,
            stretch=self.stretch / 2.0,
            shear=self.shear / 2.0,
            log_gamma=self.log_gamma / 2.0,
            hidden=0.0,
        )


def augmented(faces: Tensor, how: Augmentation, size: int) -> Tensor:
    """Standardised, varied faces [N, 1, size, size] float32 from grey faces [N, S, S] uint8, whole but for the shift.

    Draws with torch's own generator.
    """
    count = faces.shape[0]
    levels = faces[:, None].float() / 255.0
    grid = F.affine_grid(_placements(count, how), [count, 1, size, size], align_corners=False)
    levels = F.grid_sample(levels, grid, padding_mode="reflection", align_corners=False)
    levels = levels.clamp_min(1e-4) ** torch.exp(_drawn(count, how.log_gamma))[:, None, None, None]
    return _hide(standardised(levels * 255.0), how)


def standardised(levels: Tensor) -> Tensor:
    """As ``face.standardise``, from grey levels [N, 1, S, S] float32, 0 to 255."""
    mean = levels.mean(dim=(2, 3), keepdim=True)
    spread = levels.std(dim=(2, 3), keepdim=True, correction=0).clamp_min(MIN_SPREAD)
    return (levels - mean) / spread


def _placements(count: int, how: Augmentation) -> Tensor:
    """Affine maps [N, 2, 3] from places in the varied picture to places in the given one; half of them mirror it."""
    angle = _drawn(count, math.radians(how.rotation_deg))
    scale = torch.exp(_drawn(count, how.scale))
    stretch = torch.exp(_drawn(count, how.stretch))
    shear = _drawn(count, how.shear)
    mirror = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle), torch.sin(angle)
    maps = torch.empty(count, 2, 3)
    maps[:, 0, 0] = mirror * scale * stretch * cos
    maps[:, 0, 1] = mirror * scale * stretch * (shear * cos - sin)
    maps[:, 1, 0] = scale / stretch * sin
    maps[:, 1, 1] = scale / stretch * (shear * sin + cos)
    maps[:, :, 2] = (torch.rand(count, 2) * 2.0 - 1.0) * 2.0 * how.shift  # the picture spans -1 to 1
    return maps


def _hide(faces: Tensor, how: Augmentation) -> Tensor:
    """One rectangle of each chosen face becomes its mean."""
    count, size = faces.shape[0], faces.shape[-1]
    low, high = how.hidden_side
    sides = (low + (high - low) * torch.rand(count, 2)) * size
    corner = torch.rand(count, 2) * (size - sides)
    place = torch.arange(size)
    rows, columns = ((place >= corner[:, i, None]) & (place < corner[:, i, None] + sides[:, i, None]) for i in (0, 1))
    chosen = torch.rand(count) < how.hidden
    hidden = rows[:, :, None] & columns[:, None, :] & chosen[:, None, None]
    return faces.masked_fill(hidden[:, None], 0.0)


def _drawn(count: int, limit: float) -> Tensor:
    return (torch.rand(count) * 2.0 - 1.0) * limit
