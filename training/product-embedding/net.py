"""The product embedding net: NanoDet-g backbone, attentive GeM pooling, linear head.

Input:  float32 [n, 3, h, w], RGB, 0..1, h and w multiples of 32 (192 when exported).
Output: float32 [n, 128], unit length; compare with a dot product.

Backbone: ../shared/nanodet.py.
"""
import os
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'shared'))
from nanodet import MEAN, STD, Conv, Csp  # noqa: E402

DIM = 128
POOLED = 128 + 256 + 512
POOLED_SCALE = 20.0  # the three pooled parts are unit vectors; this brings their entries near 1


class Attend(nn.Module):
    """GeM pooling (p = 3) weighted by a learned one-channel map in 0..1, so that background counts less. -> unit vector."""

    def __init__(self, c):
        super().__init__()
        self.a = nn.Conv2d(c, 1, 1)
        nn.init.zeros_(self.a.weight)
        nn.init.zeros_(self.a.bias)

    def forward(self, t):
        w = torch.sigmoid(self.a(t))
        t = F.relu(t) + 1e-3
        m = (t * t * t * w).mean((2, 3)).float() / (w.mean((2, 3)).float() + 1e-4)
        return F.normalize(m.pow(1 / 3), dim=1)


class Embed(nn.Module):
    def __init__(self, dim=DIM):
        super().__init__()
        self.stem = Conv(3, 32, 2)
        self.s1, self.s2, self.s3, self.s4 = Csp(32, 1, 1), Csp(64, 2, 2), Csp(128, 2, 2), Csp(256, 3, 2)
        self.p2, self.p3, self.p4 = Attend(128), Attend(256), Attend(512)
        self.fc = nn.Linear(POOLED, dim)
        self.register_buffer('mean', torch.tensor(MEAN).view(1, 3, 1, 1) / 255)
        self.register_buffer('std', torch.tensor(STD).view(1, 3, 1, 1) / 255)

    def pooled(self, x):
        """[n, 3, h, w] -> [n, 896]: unit vectors of strides 8, 16 and 32, scaled."""
        x = F.max_pool2d(self.stem((x - self.mean) / self.std), 3, 2, 1)
        a = self.s2(self.s1(x))
        b = self.s3(a)
        return torch.cat([self.p2(a), self.p3(b), self.p4(self.s4(b))], 1) * POOLED_SCALE

    def forward(self, x):
        return F.normalize(self.fc(self.pooled(x)), dim=1)


def load_checkpoint(path):
    """A trained net in eval mode from a file written by train.py or soup.py."""
    net = Embed()
    net.load_state_dict(torch.load(path, map_location='cpu')['net'])
    return net.eval()
