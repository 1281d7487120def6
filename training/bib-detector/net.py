"""The bib net: the first three stages of NanoDet-g's backbone, a lean fourth, a top-down neck, two maps.

Input:  float32 [n, 3, h, w], RGB, 0..1, h and w multiples of 32.
Output: two maps of five channels: the score of "a centre is here" in 0..1, then the distances from the middle of the cell to the
        left, top, right and bottom edge in units. People: [n, 5, h / 16, w / 16], unit 64 px. Bibs: [n, 5, h / 4, w / 4], unit 16 px;
        computed at stride 8, four cells at once, which costs nothing and keeps neighbours apart.

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

PERSON, BIB = 0, 1
STRIDES = (16, 4)  # of people, of bibs
UNITS = (64.0, 16.0)  # pixels of the input in one unit of distance


class Runners(nn.Module):
    """`factored`: every 3 x 3 convolution but the first as a column and a row with fewer channels between (factor.py): less than half of the work."""

    def __init__(self, factored=False):
        super().__init__()
        self.stem = Conv(3, 32, 2)
        self.s1, self.s2, self.s3 = Csp(32, 1, 1), Csp(64, 2, 2), Csp(128, 2, 2)
        self.s4 = Conv(256, 256, 2)  # NanoDet's fourth stage begins with it
        self.deep = nn.Sequential(block(256, 96, 1), Residual(96))
        self.j16 = Join(96, 256, 96, Residual(96))
        self.j8 = Join(96, 128, 64, block(64, 64))
        self.person = nn.Sequential(block(96, 64), nn.Conv2d(64, 5, 1))
        self.bib = nn.Sequential(block(64, 64), nn.Conv2d(64, 20, 1))
        for last, cells in ((self.person[-1], 1), (self.bib[-1], 4)):
            nn.init.normal_(last.weight, std=.01)
            last.bias.data[:] = torch.tensor([-4.] * cells + [.6] * 4 * cells)
        self.register_buffer('mean', torch.tensor(MEAN).view(1, 3, 1, 1) / 255)
        self.register_buffer('std', torch.tensor(STD).view(1, 3, 1, 1) / 255)
        self.factored = factored
        if factored:
            for parent, key, conv in squares(self):
                pair = nn.Sequential(nn.Conv2d(conv.in_channels, rank(conv), (3, 1), (conv.stride[0], 1), (1, 0), bias=False),
                                     nn.Conv2d(rank(conv), conv.out_channels, (1, 3), (1, conv.stride[1]), (0, 1), bias=conv.bias is not None))
                setattr(parent, key, pair)

    def backbone(self):
        return [w for m in (self.stem, self.s1, self.s2, self.s3, self.s4) for w in m.parameters()]

    def raw(self, x):
        """Maps of people and of bibs, before the sigmoid and the softplus."""
        x = F.max_pool2d(self.stem((x - self.mean) / self.std), 3, 2, 1)
        b = self.s2(self.s1(x))
        c = self.s3(b)
        c = self.j16(self.deep(self.s4(c)), c)
        return self.person(c), F.pixel_shuffle(self.bib(self.j8(c, b)), 2)

    def forward(self, x):
        return [torch.cat([torch.sigmoid(o[:, :1]), F.softplus(o[:, 1:])], 1) for o in self.raw(x)]


def squares(net):
    """(parent, name, convolution) of every 3 x 3 one but the first, in the order that they were made."""
    found = [(n, m) for n, m in net.named_modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3) and m.in_channels > 3]
    for name, conv in found:
        parent, key = name.rsplit('.', 1)
        yield net.get_submodule(parent), key, conv


def rank(conv):
    """Channels between a column and a row."""
    return int(min(conv.in_channels, conv.out_channels) * .75)


def load_checkpoint(path):
    """A trained net in eval mode from a file written by train.py, factor.py or soup.py."""
    state = torch.load(path, map_location='cpu')['net']
    net = Runners(factored='s1.i.c.1.weight' in state)
    net.load_state_dict(state)
    return net.eval()
