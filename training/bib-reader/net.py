"""The bib reader: one look at a bib → which characters its number has, where it stands, whether ends of it are hidden.

Input:  float32 [n, 3, 64, 160], RGB 0..1: a box about the bib, or about its number, stretched to that size.
Output `steps`: float32 [n, 40, 41]: logits of blank and ALPHABET (38), of "the number is in this column", and its top and bottom
        in 0..1 of the height. Output `cut`: float32 [n, 2]: logits of "hidden at its left", "at its right".
A softmax over the height chooses the line in each column, so that a bent or turned line is followed.
"""
import os
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'shared'))
from blocks import Residual, block  # noqa: E402

ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-'
CLASSES = len(ALPHABET) + 1


class Along(nn.Module):
    """Context along the line."""

    def __init__(self, i, o, dilation):
        super().__init__()
        self.f = nn.Sequential(nn.Conv1d(i, o, 5, 1, 2 * dilation, dilation, bias=False), nn.BatchNorm1d(o), nn.ReLU(True))
        self.same = i == o

    def forward(self, x):
        y = self.f(x)
        return x + y if self.same else y


class Reader(nn.Module):
    def __init__(self, a=40, b=72, c=112):
        super().__init__()
        self.stem = nn.Sequential(block(3, 24, stride=2), block(24, a, stride=2), Residual(a))
        self.deep = nn.Sequential(block(a, b, stride=(2, 1)), Residual(b))
        self.wide = block(b, b, stride=(2, 1))  # 4 rows: sees the whole height
        self.gate = nn.Conv2d(2 * b, 1, 3, 1, 1)
        self.along = nn.Sequential(Along(2 * b, c, 1), Along(c, c, 1), Along(c, c, 3))
        self.drop = nn.Dropout(.1)
        self.head = nn.Conv1d(c, CLASSES + 1, 1)
        self.place = nn.Conv1d(c + 8, 2, 1)
        self.cut = nn.Linear(3 * c, 2)

    def forward(self, x):
        # Whatever the light: every look has mean 0 and deviation 1.
        mean = x.mean((1, 2, 3), keepdim=True)
        x = x - mean
        x = x / ((x * x).mean((1, 2, 3), keepdim=True) + 1e-3).sqrt()
        f = self.deep(self.stem(x))  # [n, b, 8, 40]
        f = torch.cat([f, F.interpolate(self.wide(f), scale_factor=(2.0, 1.0), mode='nearest')], 1)
        gate = self.gate(f).softmax(2)  # [n, 1, 8, 40]
        line = self.along((f * gate).sum(2))  # [n, c, 40]
        steps = self.head(self.drop(line))
        place = self.place(torch.cat([line, gate[:, 0]], 1))
        cut = self.cut(torch.cat([line.amax(2), line.mean(2), line[:, :, 0] + line[:, :, -1]], 1))
        return torch.cat([steps, place], 1).transpose(1, 2), cut


def load_checkpoint(path):
    net = Reader()
    net.load_state_dict(torch.load(path, map_location='cpu')['net'])
    return net.eval()
