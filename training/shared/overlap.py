"""Overlap of boxes, greedy suppression, and how good boxes are. Boxes: x0, y0, x1, y1."""
import numpy as np


def overlaps(a, b):
    """IoU of [n, 4] and [m, 4] -> [n, m], and the intersection as a share of the smaller box."""
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    inner = np.prod(np.maximum(high - low, 0), 2)
    area = lambda t: (t[:, 2] - t[:, 0]) * (t[:, 3] - t[:, 1])
    return inner / np.maximum(area(a)[:, None] + area(b)[None] - inner, 1e-6), inner / np.maximum(np.minimum(area(a)[:, None], area(b)[None]), 1e-6)


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
