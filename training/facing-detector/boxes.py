"""Maps of the net -> boxes. The app looks several times (workers/stages/detect-shelf.ts); here it is once."""
import cv2
import numpy as np
import torch

from net import STRIDE, UNIT
from overlap import suppress


def peaks(maps, least, most=1500):
    """One class: [5, h, w] -> boxes x0, y0, x1, y1 in input pixels, scores."""
    s = maps[0]
    p = np.pad(s, 1)
    top = np.max([p[i:i + s.shape[0], j:j + s.shape[1]] for i in range(3) for j in range(3)], 0)
    y, x = np.nonzero((s >= top) & (s > least))
    order = np.argsort(-s[y, x])[:most]
    y, x = y[order], x[order]
    d = maps[1:, y, x] * UNIT
    cx, cy = x * STRIDE + STRIDE / 2, y * STRIDE + STRIDE / 2
    return np.stack([cx - d[0], cy - d[1], cx + d[2], cy + d[3]], 1), s[y, x]


def detect(net, im, side, least=.05):
    """RGB uint8, one look with the longest side at `side` -> ((boxes, scores) of facings, the same of gaps), in pixels of the picture."""
    h, w = im.shape[:2]
    k = side / max(h, w)
    th, tw = max(8, round(h * k)), max(8, round(w * k))
    x = np.full((-(-th // 32) * 32, -(-tw // 32) * 32, 3), 114, 'u1')
    x[:th, :tw] = cv2.resize(im, (tw, th), interpolation=cv2.INTER_AREA if k < 1 else cv2.INTER_LINEAR)
    with torch.no_grad():
        maps = net(torch.from_numpy(x.transpose(2, 0, 1)[None].copy()).float() / 255)[0].numpy()
    out = []
    for c in (0, 5):
        b, s = peaks(maps[c:c + 5], least)
        if len(b):
            b, s = suppress(np.clip(b, 0, [tw, th, tw, th]), s)
        out.append((b / np.array([tw / w, th / h] * 2), s))
    return out
