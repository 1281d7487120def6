"""The facing net: NanoDet-g backbone, a top-down neck, one map at stride 4.

Input:  float32 [n, 3, h, w], RGB, 0..1, h and w multiples of 32.
Output: float32 [n, 10, h / 4, w / 4]. Channels 0..4 are facings, 5..9 gaps (empty places): the score of "a centre is here"
        in 0..1, then the distances from the middle of the cell (4 x + 2, 4 y + 2) to the left, top, right and bottom edge
        in units of 16 pixels.

Backbone: ../shared/nanodet.py.
"""
import os
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'shared'))
from blocks import Join, Residual, block  # noqa: E402
from nanodet import MEAN, STD, Conv, Csp  # noqa: E402

STRIDE = 4
UNIT = 16.0  # pixels of the input in one unit of distance
FACING, GAP = 0, 5  # first channel of each class


class Facings(nn.Module):
    def __init__(self, head=48):
        super().__init__()
        self.stem = Conv(3, 32, 2)
        self.s1, self.s2, self.s3, self.s4 = Csp(32, 1, 1), Csp(64, 2, 2), Csp(128, 2, 2), Csp(256, 3, 2)
        self.j16 = Join(512, 256, 128, Residual(128))
        self.j8 = Join(128, 128, 64, Residual(64))
        self.j4 = Join(64, 64, head, block(head, head))
        self.head = block(head, head)
        self.out = nn.Conv2d(head, 10, 1)
        nn.init.normal_(self.out.weight, std=.01)
        self.out.bias.data[:] = torch.tensor([-4., .6, .6, .6, .6, -5., .6, .6, .6, .6])
        self.register_buffer('mean', torch.tensor(MEAN).view(1, 3, 1, 1) / 255)
        self.register_buffer('std', torch.tensor(STD).view(1, 3, 1, 1) / 255)

    def backbone(self):
        return [w for m in (self.stem, self.s1, self.s2, self.s3, self.s4) for w in m.parameters()]

    def raw(self, x):
        """Maps before the sigmoid and the softplus."""
        x = F.max_pool2d(self.stem((x - self.mean) / self.std), 3, 2, 1)
        a = self.s1(x)
        b = self.s2(a)
        c = self.s3(b)
        return self.out(self.head(self.j4(self.j8(self.j16(self.s4(c), c), b), a)))

    def forward(self, x):
        o = self.raw(x)
        return torch.cat([torch.sigmoid(o[:, :1]), F.softplus(o[:, 1:5]), torch.sigmoid(o[:, 5:6]), F.softplus(o[:, 6:])], 1)


def load_checkpoint(path):
    """A trained net in eval mode from a file written by train.py or soup.py."""
    net = Facings()
    net.load_state_dict(torch.load(path, map_location='cpu')['net'])
    return net.eval()
