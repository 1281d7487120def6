"""Maps of centres and edge distances -> boxes x0, y0, x1, y1."""
import cv2
import numpy as np
import torch

from overlap import suppress


def peaks(maps, stride, unit, least, most):
    """One class: [5, h, w] -> boxes in input pixels, scores; surest first."""
    s = maps[0]
    p = np.pad(s, 1)
    top = np.max([p[i:i + s.shape[0], j:j + s.shape[1]] for i in range(3) for j in range(3)], 0)
    y, x = np.nonzero((s >= top) & (s > least))
    order = np.argsort(-s[y, x])[:most]
    y, x = y[order], x[order]
    d = maps[1:, y, x] * unit
    cx, cy = x * stride + stride / 2, y * stride + stride / 2
    return np.stack([cx - d[0], cy - d[1], cx + d[2], cy + d[3]], 1), s[y, x]


class Look:
    """One look at a picture (RGB uint8) whose longest side becomes `side`; the rest up to multiples of 32 is grey."""

    def __init__(self, im, side):
        h, w = im.shape[:2]
        k = side / max(h, w)
        th, tw = max(8, round(h * k)), max(8, round(w * k))
        x = np.full((-(-th // 32) * 32, -(-tw // 32) * 32, 3), 114, 'u1')
        x[:th, :tw] = cv2.resize(im, (tw, th), interpolation=cv2.INTER_AREA if k < 1 else cv2.INTER_LINEAR)
        self.input = torch.from_numpy(x.transpose(2, 0, 1)[None].copy()).float() / 255
        self.size, self.scale = [tw, th, tw, th], np.array([tw / w, th / h] * 2)

    def boxes(self, maps, stride, unit, least, most, most_iou=.5, most_inside=.82):
        """One class: its maps -> (boxes, scores) in pixels of the picture, doubles gone."""
        b, s = peaks(maps, stride, unit, least, most)
        if len(b):
            b, s = suppress(np.clip(b, 0, self.size), s, most_iou, most_inside)
        return b / self.scale, s
