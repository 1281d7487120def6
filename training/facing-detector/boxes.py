"""Maps of the net -> boxes, and how good they are. The app looks several times (workers/stages/detect-shelf.ts); here it is once."""
import cv2
import numpy as np
import torch

from net import STRIDE, UNIT


def overlaps(a, b):
    """IoU of [n, 4] and [m, 4] -> [n, m], and the intersection as a share of the smaller box."""
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    inner = np.prod(np.maximum(high - low, 0), 2)
    area = lambda t: (t[:, 2] - t[:, 0]) * (t[:, 3] - t[:, 1])
    return inner / np.maximum(area(a)[:, None] + area(b)[None] - inner, 1e-6), inner / np.maximum(np.minimum(area(a)[:, None], area(b)[None]), 1e-6)


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


def suppress(boxes, scores, most_iou=.5, most_inside=.82):
    """Greedy; a box that lies in a surer one goes, and so does a less sure one that holds it."""
    order = np.argsort(-scores, kind='stable')
    boxes, scores = boxes[order], scores[order]
    iou, inside = overlaps(boxes, boxes)
    kept, dead = [], np.zeros(len(boxes), bool)
    for i in range(len(boxes)):
        if not dead[i]:
            kept.append(i)
            dead |= (iou[i] > most_iou) | (inside[i] > most_inside)
    return boxes[kept], scores[kept]


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


def average_precision(found, truth, least_iou):
    """COCO's 101 points over all photos. found: [(boxes, scores)]; truth: [boxes]."""
    scores, right, total = [], [], sum(len(t) for t in truth)
    for (b, s), t in zip(found, truth):
        order = np.argsort(-s, kind='stable')[:500]
        b, s = b[order], s[order]
        iou = overlaps(b, t)[0] if len(b) and len(t) else np.zeros((len(b), len(t)))
        free = np.ones(len(t), bool)
        for i in range(len(b)):
            v = np.where(free, iou[i], -1) if len(t) else np.array([-1.])
            j = int(v.argmax())
            ok = v[j] >= least_iou
            if ok:
                free[j] = False
            scores.append(s[i]), right.append(ok)
    if not scores or not total:
        return 0.0
    t = np.array(right)[np.argsort(-np.array(scores), kind='stable')]
    tp, fp = np.cumsum(t), np.cumsum(~t)
    recall, precision = tp / total, np.maximum.accumulate((tp / (tp + fp))[::-1])[::-1]
    at = np.searchsorted(recall, np.linspace(0, 1, 101))
    return float(np.mean([precision[k] if k < len(precision) else 0 for k in at]))


def pairs(boxes, truth, least_iou=.5):
    """How many of `boxes` (surest first) each find a truth of their own."""
    if not len(boxes) or not len(truth):
        return 0
    iou, free, n = overlaps(boxes, truth)[0], np.ones(len(truth), bool), 0
    for row in iou:
        v = np.where(free, row, -1)
        if v.max() >= least_iou:
            free[int(v.argmax())] = False
            n += 1
    return n


def figures(found, truth, least):
    """AP50, AP75, AP, and at the threshold `least` precision, recall, F1 and the mean relative error of the count."""
    ap = [average_precision(found, truth, t) for t in np.arange(.5, .96, .05)]
    sure = [b[s > least] for b, s in found]
    tp, n, total = sum(pairs(b, t) for b, t in zip(sure, truth)), sum(map(len, sure)), sum(map(len, truth))
    error = [abs(len(b) - len(t)) / max(1, len(t)) for b, t in zip(sure, truth)]
    p, r = tp / max(1, n), tp / max(1, total)
    return dict(AP50=ap[0], AP75=ap[5], AP=float(np.mean(ap)), P=p, R=r, F1=2 * p * r / max(1e-9, p + r), count=float(np.mean(error)))
