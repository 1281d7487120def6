"""Parts that nets are put together of, batch norm and ReLU in each."""
import torch.nn as nn
import torch.nn.functional as F


def block(i, o, k=3, stride=1):
    return nn.Sequential(nn.Conv2d(i, o, k, stride, k // 2, bias=False), nn.BatchNorm2d(o), nn.ReLU(True))


class Residual(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = block(c, c), nn.Sequential(nn.Conv2d(c, c, 3, 1, 1, bias=False), nn.BatchNorm2d(c))

    def forward(self, x):
        return F.relu(x + self.b(self.a(x)))


class Join(nn.Module):
    """Adds what is one level up, twice enlarged, to this level."""

    def __init__(self, above, here, c, mix):
        super().__init__()
        self.above, self.here, self.mix = block(above, c, 1), block(here, c, 1), mix

    def forward(self, above, here):
        return self.mix(F.interpolate(self.above(above), scale_factor=2.0, mode='nearest') + self.here(here))
