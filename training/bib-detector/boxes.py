"""Maps of the net -> boxes. The app may look more than once (workers/stages/detect-runners.ts); here it is once."""
import os
import sys

import cv2
import numpy as np
import torch

from net import STRIDES, UNITS

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'facing-detector'))
from overlap import suppress  # noqa: E402

MOST_IOU = (.6, .5)  # of people, of bibs
MOST_INSIDE = (.9, .8)  # share of the smaller box


def peaks(maps, stride, unit, least, most=600):
    """One class: [5, h, w] -> boxes x0, y0, x1, y1 in input pixels, scores."""
    s = maps[0]
    p = np.pad(s, 1)
    top = np.max([p[i:i + s.shape[0], j:j + s.shape[1]] for i in range(3) for j in range(3)], 0)
    y, x = np.nonzero((s >= top) & (s > least))
    order = np.argsort(-s[y, x])[:most]
    y, x = y[order], x[order]
    d = maps[1:, y, x] * unit
    cx, cy = x * stride + stride / 2, y * stride + stride / 2
    return np.stack([cx - d[0], cy - d[1], cx + d[2], cy + d[3]], 1), s[y, x]


def detect(net, im, side, least=.05):
    """RGB uint8, one look with the longest side at `side` -> ((boxes, scores) of people, the same of bibs), in pixels of the picture."""
    h, w = im.shape[:2]
    k = side / max(h, w)
    th, tw = max(8, round(h * k)), max(8, round(w * k))
    x = np.full((-(-th // 32) * 32, -(-tw // 32) * 32, 3), 114, 'u1')
    x[:th, :tw] = cv2.resize(im, (tw, th), interpolation=cv2.INTER_AREA if k < 1 else cv2.INTER_LINEAR)
    with torch.no_grad():
        maps = [m[0].numpy() for m in net(torch.from_numpy(x.transpose(2, 0, 1)[None].copy()).float() / 255)]
    out = []
    for m, stride, unit, iou, inside in zip(maps, STRIDES, UNITS, MOST_IOU, MOST_INSIDE):
        b, s = peaks(m, stride, unit, least)
        if len(b):
            b, s = suppress(np.clip(b, 0, [tw, th, tw, th]), s, iou, inside)
        out.append((b / np.array([tw / w, th / h] * 2), s))
    return out
