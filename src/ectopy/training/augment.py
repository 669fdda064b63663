"""Changes to rows that do not change what beat they show, drawn anew at every step."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Warp:
    """Small changes of time and height, each row by amounts of its own.

    Attributes
    ----------
    stretch
        Largest change of the time scale, as a share: 0.03 makes a row up to 3 % longer or shorter.
    shift
        Largest shift of the R peak against the start of the row, in values of the row (1/120 s).
    bend
        Largest bend of the height: ``x ** exp(b)`` with b up to this; 0 and 1 stay where they are.
    noise
        Largest standard deviation of white noise.
    beside
        Standard deviation of what is added to a second channel, one number for a row.
    lost
        Share of rows whose second channel becomes zero.
    """

    stretch: float = 0.0
    shift: float = 0.0
    bend: float = 0.0
    noise: float = 0.0
    beside: float = 0.0
    lost: float = 0.0

    def __call__(self, rows: Tensor) -> Tensor:
        """Change rows ``(batch, 1, 187)`` or, with a second channel, ``(batch, 2, 187)``.

        The padding behind a beat stays zero.
        """
        x = rows[:, 0]
        count, length = x.shape

        def drawn(most: float) -> Tensor:
            return (2 * torch.rand(count, 1, device=x.device) - 1) * most

        scale = torch.exp(drawn(self.stretch))
        scale = torch.where(x[:, -1:] > 0, scale.clamp(min=1), scale)  # nothing is known beyond
        at = torch.arange(length, device=x.device) / scale + drawn(self.shift)
        at = at.clamp(0, length - 1)
        left = at.floor().long().clamp(max=length - 2)
        weight = at - left
        x = torch.gather(x, 1, left) * (1 - weight) + torch.gather(x, 1, left + 1) * weight
        inside = x > 0
        x = x.clamp(min=0) ** torch.exp(drawn(self.bend))
        noise = torch.randn_like(x) * drawn(self.noise).abs()
        changed = torch.where(inside, x + noise, 0).clamp(min=0)[:, None]
        if rows.shape[1] == 1:
            return changed
        beside = rows[:, 1:] + self.beside * torch.randn(count, 1, 1, device=x.device)
        kept = torch.rand(count, 1, 1, device=x.device) >= self.lost
        return torch.cat([changed, torch.where(kept, beside, 0)], dim=1)


def mix(rows: Tensor, targets: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Blend each row and its target with those of another row of the batch (mixup).

    Parameters
    ----------
    rows, targets
        Rows ``(batch, 1, 187)`` and class probabilities ``(batch, 5)``.
    alpha
        Both parameters of the Beta distribution that the share is drawn from.
    """
    share = torch.distributions.Beta(alpha, alpha).sample().item()
    other = torch.randperm(len(rows), device=rows.device)
    return rows.lerp(rows[other], 1 - share), targets.lerp(targets[other], 1 - share)
