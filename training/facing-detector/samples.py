"""Crops and targets for training, out of stored scenes.

A scene is a pickle: dict(jpg=bytes, boxes=[n, 4], gaps=[m, 4], ignore=[k, 4], unsure=[l, 4], complete=bool, gaps_known=bool); boxes are x0, y0, x1, y1 in
pixels of the picture, clipped to it. `ignore` marks places that count neither way, `unsure` the same for gaps alone. When `complete` is false only the boxes
and what lies inside them are known.
"""
import glob
import math
import os
import pickle

import cv2
import numpy as np

from net import GAP, STRIDE  # first: it finds the folder of the next
from light import light

cv2.setNumThreads(1)
KEPT = .38  # share of a box that must lie inside the crop for it to count
GAP_CENTRED = .3  # share of crops that lie around a gap, where the scene has any


class Scenes:
    """Draws scenes from folders of pickles, each folder with its weight; folders may fill or change at any time."""

    def __init__(self, folders, rng):
        self.folders, self.rng, self.files, self.age = folders, rng, {}, 0

    def draw(self):
        if self.age % 500 == 0:
            self.files = {f: sorted(glob.glob(f + '/*.pkl')) for f in self.folders}
        self.age += 1
        while True:
            full = [f for f in self.folders if self.files[f]]
            p = np.array([self.folders[f] for f in full], float)
            files = self.files[full[self.rng.choice(len(full), p=p / p.sum())]]
            try:
                with open(files[self.rng.integers(len(files))], 'rb') as f:
                    return pickle.load(f)
            except (FileNotFoundError, EOFError, pickle.UnpicklingError):
                continue  # it is being replaced at this moment


def corners(a):
    return np.asarray(a, 'f4').reshape(-1, 4)


def crop(scene, side, rng):
    """-> RGB uint8 [side, side, 3] and boxes, gaps, ignore, unsure within it, each with the share that is left of every box."""
    im = scene['picture']
    sets = [corners(scene.get(k, ())) for k in ('boxes', 'gaps', 'ignore', 'unsure')]
    b = sets[0]
    if len(b):
        size = float(np.median(np.sqrt((b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]))))
        k = math.exp(rng.uniform(math.log(24), math.log(260))) / max(size, 4)
        k = min(k, 2.2, 1.5 * side * 4 / max(im.shape[:2]))
    else:
        k = math.exp(rng.uniform(math.log(.45), math.log(1.3))) * side / min(im.shape[:2])
    k = max(k, (1.0 if rng.random() < .8 else .6) * side / min(im.shape[:2]))
    kx, ky = k * math.exp(rng.normal(0, .06)), k * math.exp(rng.normal(0, .06))
    way = cv2.INTER_AREA if k < .8 else [cv2.INTER_LINEAR, cv2.INTER_CUBIC][rng.integers(2)]
    h, w = max(8, round(im.shape[0] * ky)), max(8, round(im.shape[1] * kx))
    kx, ky = w / im.shape[1], h / im.shape[0]
    if len(b) and rng.random() < .9:
        of = sets[1] if len(sets[1]) and rng.random() < GAP_CENTRED else b
        c = of[rng.integers(len(of))] * [kx, ky, kx, ky]
        x, y = (c[0] + c[2]) / 2 - rng.uniform(.1, .9) * side, (c[1] + c[3]) / 2 - rng.uniform(.1, .9) * side
    else:
        x, y = rng.uniform(0, max(1, w - side)), rng.uniform(0, max(1, h - side))
    x, y = int(max(0, min(x, w - side))), int(max(0, min(y, h - side)))
    # enlarge only what is needed
    sx0, sy0, sx1, sy1 = int(x / kx), int(y / ky), min(im.shape[1], math.ceil((x + side) / kx)), min(im.shape[0], math.ceil((y + side) / ky))
    part = cv2.resize(im[sy0:sy1, sx0:sx1], (max(1, round((sx1 - sx0) * kx)), max(1, round((sy1 - sy0) * ky))), interpolation=way)
    x, y = sx0 * kx, sy0 * ky
    out = np.empty((side, side, 3), 'u1')
    out[:] = rng.integers(0, 256, 3) if rng.random() < .3 else 114
    part = part[:side, :side]
    ph, pw = part.shape[:2]
    out[:ph, :pw] = part
    found = []
    for s in sets:
        s = s * np.array([kx, ky, kx, ky], 'f4') - np.array([x, y, x, y], 'f4')
        c = np.clip(s, 0, [pw, ph, pw, ph])
        area = np.maximum(c[:, 2] - c[:, 0], 0) * np.maximum(c[:, 3] - c[:, 1], 0)
        m = area > 12
        found.append((c[m], (area / np.maximum((s[:, 2] - s[:, 0]) * (s[:, 3] - s[:, 1]), 1e-3))[m]))
    if rng.random() < .5:
        out = out[:, ::-1]
        found = [(np.stack([side - c[:, 2], c[:, 1], side - c[:, 0], c[:, 3]], 1), f) for c, f in found]
    return np.ascontiguousarray(out), found


def paint(boxes, share, n, score, weight, distance, where):
    """Draw the targets of one class: a bump at each centre, distances around it. Big boxes first, so that small ones win."""
    grid = np.arange(n, dtype='f4') * STRIDE + STRIDE / 2
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    for i in np.argsort(-area):
        a, b, c, d = boxes[i].tolist()
        w, h = c - a, d - b
        if share[i] < KEPT or min(w, h) < 6:
            weight[int(b) // STRIDE:int(d) // STRIDE + 1, int(a) // STRIDE:int(c) // STRIDE + 1] = 0
            continue
        cx, cy = min(n - 1, int((a + c) / 2 / STRIDE)), min(n - 1, int((b + d) / 2 / STRIDE))
        sx, sy = max(.6, w * .1 / STRIDE), max(.6, h * .1 / STRIDE)
        rx, ry = int(3 * sx) + 1, int(3 * sy) + 1
        x0, x1, y0, y1 = max(0, cx - rx), min(n, cx + rx + 1), max(0, cy - ry), min(n, cy + ry + 1)
        g = np.exp(-.5 * ((np.arange(x0, x1) - cx) / sx) ** 2)[None] * np.exp(-.5 * ((np.arange(y0, y1) - cy) / sy) ** 2)[:, None]
        g = g.astype('f4')
        area_ = (slice(y0, y1), slice(x0, x1))
        score[area_] = np.maximum(score[area_], g)
        weight[max(0, cy - 1):cy + 2, max(0, cx - 1):cx + 2] = 1
        m = g > .2
        where[area_][m] = g[m]
        gx, gy = np.broadcast_to(grid[None, x0:x1], g.shape), np.broadcast_to(grid[y0:y1, None], g.shape)
        for k, v in enumerate((gx - a, gy - b, c - gx, d - gy)):
            distance[k][area_][m] = v[m]


def samples(scenes, side, count, rng):
    """`count` samples, two of each scene: decoding costs as much as all the rest."""
    out = []
    while len(out) < count:
        scene = scenes.draw()
        scene['picture'] = cv2.imdecode(np.frombuffer(scene['jpg'], 'u1'), cv2.IMREAD_COLOR)[..., ::-1]
        out += [sample(scene, side, rng) for _ in range(min(2, count - len(out)))]
    return out


def sample(scene, side, rng):
    """-> picture float32 [3, side, side] 0..1; score, weight, where [2, n, n]; distance [8, n, n] in pixels; n = side / 4."""
    im, ((boxes, kept), (gaps, gap_kept), (ignore, _), (unsure, _)) = crop(scene, side, rng)
    im = light(im, rng)
    n = side // STRIDE
    score, where, distance = np.zeros((2, n, n), 'f4'), np.zeros((2, n, n), 'f4'), np.zeros((8, n, n), 'f4')
    weight = np.full((2, n, n), 1 if scene['complete'] else 0, 'f4')
    if not scene['gaps_known']:
        weight[GAP // 5] = 0
    if not scene['complete']:
        for a, b, c, d in boxes.astype(int):
            weight[0, b // STRIDE:d // STRIDE + 1, a // STRIDE:c // STRIDE + 1] = 1
    for a, b, c, d in ignore.astype(int):
        weight[:, b // STRIDE:d // STRIDE + 1, a // STRIDE:c // STRIDE + 1] = 0
    for a, b, c, d in unsure.astype(int):
        weight[1, b // STRIDE:d // STRIDE + 1, a // STRIDE:c // STRIDE + 1] = 0
    paint(boxes, kept, n, score[0], weight[0], distance[:4], where[0])
    paint(gaps, gap_kept, n, score[1], weight[1], distance[4:], where[1])
    return np.ascontiguousarray(im.transpose(2, 0, 1)).astype('f4') / 255, score, weight, where, distance


def store(path, im, boxes, gaps=(), ignore=(), unsure=(), complete=True, gaps_known=True, quality=92):
    """Write one scene whole: RGB uint8 [h, w, 3]; a reader never sees half of it."""
    jpg = cv2.imencode('.jpg', np.ascontiguousarray(im[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
    half = path + '.part'
    with open(half, 'wb') as f:
        pickle.dump(dict(jpg=jpg, boxes=corners(boxes), gaps=corners(gaps), ignore=corners(ignore), unsure=corners(unsure), complete=complete, gaps_known=gaps_known), f)
    os.replace(half, path)
