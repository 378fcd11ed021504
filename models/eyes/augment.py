"""Varies patches of eyes, a whole batch at once: place, light, noise and focus, as cameras and landmarks vary them."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from wakeful.models.eyes.patch import MIN_SPREAD, SIZE_PX


def augmented(patches: Tensor) -> Tensor:
    """Standardised, varied patches [N, 1, 48, 48] float32 from grey ones [N, 64, 64] uint8. Torch's own generator."""
    count, side = patches.shape[0], patches.shape[-1]
    levels = patches[:, None].float()
    grid = F.affine_grid(_placements(count, SIZE_PX / side), [count, 1, SIZE_PX, SIZE_PX], align_corners=False)
    levels = F.grid_sample(levels, grid, padding_mode="border", align_corners=False)
    levels = _blurred(levels)
    levels = (levels / 255.0).clamp_min(1e-3) ** torch.exp(_drawn(count, 0.5))[:, None, None, None]
    levels = levels * _side_light(count)
    # The dark: few grey levels are left, and as much noise as ever.
    gain = torch.exp(-2.3 * torch.rand(count, 1, 1, 1) ** 2) * 255.0
    noise = 5.0 * torch.rand(count, 1, 1, 1) ** 2
    levels = (levels * gain + noise * torch.randn_like(levels)).clamp(0, 255).round()
    return standardised(levels)


def plain(patches: Tensor) -> Tensor:
    """As the monitor gives them: the middle of the patches, standardised."""
    margin = (patches.shape[-1] - SIZE_PX) // 2
    return standardised(patches[:, None, margin : margin + SIZE_PX, margin : margin + SIZE_PX].float())


def standardised(levels: Tensor) -> Tensor:
    """As ``patch.standardise``, from grey levels [N, 1, 48, 48], 0 to 255."""
    mean = levels.mean(dim=(2, 3), keepdim=True)
    return (levels - mean) / levels.std(dim=(2, 3), keepdim=True, correction=0).clamp_min(MIN_SPREAD)


def _placements(count: int, share: float) -> Tensor:
    angle, scale = _drawn(count, math.radians(10.0)), share * torch.exp(_drawn(count, 0.12))
    stretch, mirror = torch.exp(_drawn(count, 0.1)), torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    maps = torch.empty(count, 2, 3)
    maps[:, 0, 0] = mirror * scale * torch.cos(angle)
    maps[:, 0, 1] = -mirror * scale * torch.sin(angle)
    maps[:, 1, 0] = scale * stretch * torch.sin(angle)
    maps[:, 1, 1] = scale * stretch * torch.cos(angle)
    maps[:, :, 2] = (torch.rand(count, 2) * 2.0 - 1.0) * 0.08
    return maps


def _blurred(levels: Tensor) -> Tensor:
    """A third of them out of focus, or smeared along one direction."""
    count = levels.shape[0]
    steps = torch.arange(-3, 4, dtype=torch.float32)
    wide, high = (0.3 + 1.5 * torch.rand(count, 1) ** 2 for _ in range(2))
    kernels = torch.exp(-0.5 * (steps / high) ** 2)[:, :, None] * torch.exp(-0.5 * (steps / wide) ** 2)[:, None, :]
    kernels = kernels / kernels.sum(dim=(1, 2), keepdim=True)
    smeared = F.conv2d(F.pad(levels.transpose(0, 1), (3, 3, 3, 3), mode="replicate"), kernels[:, None], groups=count)
    chosen = (torch.rand(count) < 0.35)[:, None, None, None]
    return torch.where(chosen, smeared.transpose(0, 1), levels)


def _side_light(count: int) -> Tensor:
    """A ramp of light across each patch."""
    across = torch.linspace(-1.0, 1.0, SIZE_PX)
    turn, strength = torch.rand(count, 1, 1) * 2.0 * math.pi, 0.6 * torch.rand(count, 1, 1) ** 2
    ramp = torch.cos(turn) * across[None, None, :] + torch.sin(turn) * across[None, :, None]
    return (1.0 + strength * ramp)[:, None]


def _drawn(count: int, limit: float) -> Tensor:
    return (torch.rand(count) * 2.0 - 1.0) * limit
