"""Training samples out of collected photos: crops at another size, bibs drawn onto people, signs drawn beside them, another camera.

A sample is dict(im=RGB uint8 [side, side, 3], people=[n, 5] (score, x0, y0, x1, y1), bibs=[m, 5] (share in view, x0, y0, x1, y1), ignore=[k, 4] where
a bib may or may not be, unsure=[l, 4] the same for people). `targets` makes maps of it.
"""
import glob
import math
import os
import pickle
import sys

import cv2
import numpy as np

from net import BIB, PERSON, STRIDES

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, '..', 'bib-reader'))
from cards import Cards  # noqa: E402
from light import light  # noqa: E402
from overlap import overlaps  # noqa: E402

cv2.setNumThreads(1)
KEPT = .38  # share of a box that must lie inside the crop for it to count
SURE = .42  # NanoDet's score from which a person counts
SKIN = [(233, 196, 168), (205, 155, 122), (160, 110, 80), (112, 74, 52), (80, 52, 38)]
PERSON_MIN, BIB_MIN = 26, 7  # px of the longer side; smaller ones count neither way


def load(folder):
    out = []
    for path in sorted(glob.glob(folder + '/*.pkl')):
        with open(path, 'rb') as f:
            out.append(pickle.load(f))
    return out


class Painter:
    """Draws bibs and signs into pictures."""

    def __init__(self, rng, count=160):
        self.rng, self.cards = rng, Cards(rng)
        self.pool = [self.cards.draw()[0] for _ in range(count)]

    def renew(self, n=1):
        for _ in range(n):
            self.pool[self.rng.integers(len(self.pool))] = self.cards.draw()[0]

    def card(self):
        rng = self.rng
        c = self.pool[rng.integers(len(self.pool))]
        if rng.random() < .35:  # corners are rounded, pins hold it
            c = c.copy()
            for x, y in ((.06, .07), (.94, .07), (.06, .93), (.94, .93)):
                cv2.circle(c, (int(x * c.shape[1]), int(y * c.shape[0])), int(rng.integers(3, 7)), tuple(int(v) for v in rng.uniform(40, 200, 3)), -1)
        return c

    def paste(self, im, quad, card, shaded=True, folds=True):
        """Onto `im` at quad [4, 2] (top left, clockwise); light and shadow of the place stay. -> bounding box."""
        rng = self.rng
        h, w = card.shape[:2]
        if folds and rng.random() < .6:  # waves in the cloth
            y, x = np.mgrid[0:h, 0:w].astype('f4')
            a, n, p = rng.uniform(.005, .03) * w, rng.uniform(.5, 2.2), rng.uniform(0, 7)
            if rng.random() < .5:
                y += a * np.sin(2 * math.pi * n * x / w + p)
            else:
                x += a * np.sin(2 * math.pi * n * y / h + p)
            card = cv2.remap(card, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            card = np.clip(card * (1 + rng.uniform(.02, .14) * np.sin(2 * math.pi * n * (x / w + .3 * y / h) + p + 1))[..., None], 0, 255).astype('u1')
        x0, y0 = np.floor(quad.min(0)).astype(int) - 1
        x1, y1 = np.ceil(quad.max(0)).astype(int) + 1
        x0, y0, x1, y1 = max(0, x0), max(0, y0), min(im.shape[1], x1), min(im.shape[0], y1)
        if x1 - x0 < 4 or y1 - y0 < 4:
            return None
        size = max(1.0, float(np.linalg.norm(quad[1] - quad[0])))
        if size < w / 1.5:  # a small one is averaged, not sampled
            k = max(size / w, 6 / w)
            card = cv2.resize(card, (max(4, round(w * k)), max(4, round(h * k))), interpolation=cv2.INTER_AREA)
            h, w = card.shape[:2]
        m = cv2.getPerspectiveTransform(np.array([[0, 0], [w, 0], [w, h], [0, h]], 'f4'), (quad - [x0, y0]).astype('f4'))
        over = cv2.warpPerspective(card, m, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype('f4')
        fine = 4
        mask = np.zeros(((y1 - y0) * fine, (x1 - x0) * fine), 'u1')
        cv2.fillConvexPoly(mask, ((quad - [x0, y0]) * fine).round().astype(int), 255)
        mask = cv2.resize(mask, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)[..., None] / 255.
        place = im[y0:y1, x0:x1].astype('f4')
        if shaded:
            grey = cv2.GaussianBlur(place.mean(2), (0, 0), max(1.5, size * .12))
            over *= np.clip(.55 + .45 * grey / max(grey.mean(), 12), .35, 1.5)[..., None]
            over = over * np.clip((.35 + .65 * im[::8, ::8].mean() / 118) * rng.uniform(.75, 1.25), .25, 1.2)
        if rng.random() < .5:
            over = cv2.GaussianBlur(over, (0, 0), rng.uniform(.3, 1.1))
        im[y0:y1, x0:x1] = np.clip(place * (1 - mask) + over * mask, 0, 255).astype('u1')
        return np.array([x0 + 1, y0 + 1, x1 - 1, y1 - 1], 'f4')

    def cover(self, im, box):
        """An arm, a strap, a bottle, cloth across part of a bib. -> the box of what is still seen."""
        rng = self.rng
        x0, y0, x1, y1 = box
        w, h = x1 - x0, y1 - y0
        fill = np.array(SKIN[rng.integers(len(SKIN))] if rng.random() < .6 else rng.uniform(0, 255, 3)) * np.clip(im[::8, ::8].mean() / 118, .4, 1.2)
        fill = tuple(float(v) for v in np.clip(fill, 0, 255))
        kind = rng.random()
        if kind < .55:  # from a side, for good
            side, share = rng.integers(4), rng.uniform(.08, .5)
            t = rng.normal(0, .15, 2)
            if side < 2:
                x = x0 + share * w if side == 0 else x1 - share * w
                far = x0 - w * rng.uniform(.05, .3) if side == 0 else x1 + w * rng.uniform(.05, .3)
                pts = [[x + t[0] * w * .5, y0 - .1 * h], [x + t[1] * w * .5, y1 + .1 * h], [far, y1 + .1 * h], [far, y0 - .1 * h]]
                new = [max(x0, min(pts[0][0], pts[1][0])), y0, x1, y1] if side == 0 else [x0, y0, min(x1, max(pts[0][0], pts[1][0])), y1]
            else:
                y = y0 + share * h if side == 2 else y1 - share * h
                far = y0 - h * rng.uniform(.05, .3) if side == 2 else y1 + h * rng.uniform(.05, .3)
                pts = [[x0 - .1 * w, y + t[0] * h * .5], [x1 + .1 * w, y + t[1] * h * .5], [x1 + .1 * w, far], [x0 - .1 * w, far]]
                new = [x0, max(y0, min(pts[0][1], pts[1][1])), x1, y1] if side == 2 else [x0, y0, x1, min(y1, max(pts[0][1], pts[1][1]))]
            cv2.fillConvexPoly(im, np.array(pts).round().astype(int), fill, cv2.LINE_AA)
            return np.array(new, 'f4')
        a = rng.uniform(0, math.pi)
        c = np.array([rng.uniform(x0, x1), rng.uniform(y0, y1)])
        d = np.array([math.cos(a), math.sin(a)]) * max(w, h) * rng.uniform(.3, .9)
        cv2.line(im, tuple((c - d).round().astype(int)), tuple((c + d).round().astype(int)), fill, max(1, int(rng.uniform(.04, .22) * w)), cv2.LINE_AA)
        return box

    def sign(self, im, taken):
        """A banner, plate, clock or mark of kilometres where nobody stands."""
        rng, (H, W) = self.rng, im.shape[:2]
        for _ in range(8):
            w = math.exp(rng.uniform(math.log(20), math.log(W * .7)))
            h = w * math.exp(rng.uniform(math.log(.12), math.log(1.1)))
            x, y = rng.uniform(-.2 * w, W - .8 * w), rng.uniform(-.2 * h, H - .8 * h)
            box = np.array([[x - 4, y - 4, x + w + 4, y + h + 4]])
            if len(taken) and overlaps(box, taken)[1].max() > 0:
                continue
            c = self.pool[rng.integers(len(self.pool))]
            kind = rng.random()
            if kind < .2:
                c = windows(rng)
            elif kind < .55:  # bands of several
                c = np.concatenate([cv2.resize(self.pool[rng.integers(len(self.pool))], (240, 120)) for _ in range(min(6, max(1, round(w / h))))], 1)
            elif kind < .67:
                c = np.full((100, 240, 3), 12, 'u1')
                cv2.putText(c, f'{rng.integers(10)}:{rng.integers(60):02d}:{rng.integers(60):02d}', (8, 72), cv2.FONT_HERSHEY_DUPLEX, 1.7, [(255, 60, 30), (255, 220, 40), (80, 255, 80)][rng.integers(3)], 4, cv2.LINE_AA)
            else:
                c = c[int(rng.uniform(0, .5) * c.shape[0]):]
            t = rng.normal(0, .06, (4, 2)) * [w, h]
            quad = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]]) + t
            self.paste(im, quad, c, shaded=False, folds=False)
            return


    def shirt(self, im, person):
        """Words, a number or a patch printed on the cloth itself: no bib."""
        rng = self.rng
        x0, y0, x1, y1 = person
        w, h = x1 - x0, y1 - y0
        c = self.pool[rng.integers(len(self.pool))]
        a, b = sorted(rng.uniform(0, 1, 2))
        c = c[int(a * c.shape[0] * .7):int((.3 + b * .7) * c.shape[0])]
        ground = c[2, 2].astype('f4')
        ink = np.clip(np.abs(c.astype('f4') - ground).sum(2, keepdims=True) / 120, 0, 1)  # what is not paper
        wide = h * rng.uniform(.07, .17)
        high = wide * min(1.2, c.shape[0] / c.shape[1])
        x, y = int(x0 + w / 2 - wide / 2 + rng.normal(0, .05) * w), int(y0 + h * rng.uniform(.22, .42))
        wide, high = int(wide), int(high)
        if wide < 5 or high < 3 or x < 0 or y < 0 or x + wide > im.shape[1] or y + high > im.shape[0]:
            return
        ink = cv2.resize(ink, (wide, high), interpolation=cv2.INTER_AREA)[..., None]
        fill = np.array(rng.uniform(0, 255, 3) if rng.random() < .6 else [[245] * 3, [15] * 3][rng.integers(2)])
        im[y:y + high, x:x + wide] = im[y:y + high, x:x + wide] * (1 - ink) + fill * ink


def windows(rng):
    """Front of a building."""
    c = np.empty((240, 240, 3), 'u1')
    c[:] = rng.uniform(90, 255, 3)
    dw, dh, fill = rng.integers(14, 60), rng.integers(18, 70), rng.uniform(20, 230, 3)
    for y in range(int(rng.integers(0, 20)), 240, dh):
        for x in range(int(rng.integers(0, 20)), 240, dw):
            cv2.rectangle(c, (x, y), (x + int(dw * .5), y + int(dh * .6)), tuple(float(v) for v in fill * rng.uniform(.7, 1.1)), -1)
            cv2.rectangle(c, (x, y), (x + int(dw * .5), y + int(dh * .6)), tuple(float(v) for v in np.minimum(fill * 1.5, 255)), 1)
    return c


def crop(scene, side, rng):
    """-> RGB uint8 [side, side, 3]; people [n, 5], bibs [m, 5] (share in view first), others ignore [k, 4]; pixels of the crop."""
    im = scene['picture']
    h, w = im.shape[:2]
    aspect = (w / h if rng.random() < .25 else scene['aspect']) * math.exp(rng.normal(0, .08))  # some photos are stretched in life, too
    squeeze = math.sqrt(aspect * h / w)  # x by this, y by its inverse
    people, bibs, ignore = scene['people'], scene['bibs'], scene.get('unsure', np.zeros((0, 4)))
    if len(bibs) and rng.random() < .65:
        wide = float(np.median(bibs[:, 2] - bibs[:, 0])) * squeeze
        k = math.exp(rng.uniform(math.log(10), math.log(110))) / max(wide, 4)
        k = min(k, 3.2)
    elif len(people) and rng.random() < .5:
        tall = float(people[rng.integers(len(people)), 4] - people[rng.integers(len(people)), 2]) / squeeze
        k = min(math.exp(rng.uniform(math.log(60), math.log(side * 1.5))) / max(abs(tall), 20), 3)
    else:  # all of it, as the first look sees it
        k = side / max(w * squeeze, h / squeeze) * math.exp(rng.uniform(-.1, .6))
    k = max(k, side / min(w * squeeze, h / squeeze) if rng.random() < .6 else .85 * side / max(w * squeeze, h / squeeze))
    kx, ky = k * squeeze, k / squeeze
    nw, nh = max(16, round(w * kx)), max(16, round(h * ky))
    kx, ky = nw / w, nh / h
    if len(bibs) and rng.random() < .7:
        c = bibs[rng.integers(len(bibs))] * [kx, ky, kx, ky]
        x, y = (c[0] + c[2]) / 2 - rng.uniform(.08, .92) * side, (c[1] + c[3]) / 2 - rng.uniform(.08, .92) * side
    else:
        x, y = rng.uniform(0, max(1, nw - side)), rng.uniform(0, max(1, nh - side))
    x, y = int(max(0, min(x, nw - side))), int(max(0, min(y, nh - side)))
    sx0, sy0, sx1, sy1 = int(x / kx), int(y / ky), min(w, math.ceil((x + side) / kx)), min(h, math.ceil((y + side) / ky))
    way = cv2.INTER_AREA if k < .8 else [cv2.INTER_LINEAR, cv2.INTER_CUBIC][rng.integers(2)]
    part = cv2.resize(im[sy0:sy1, sx0:sx1], (max(1, round((sx1 - sx0) * kx)), max(1, round((sy1 - sy0) * ky))), interpolation=way)[:side, :side]
    x, y = sx0 * kx, sy0 * ky
    out = np.full((side, side, 3), 114, 'u1')
    ph, pw = part.shape[:2]
    out[:ph, :pw] = part

    def placed(s):
        s = np.asarray(s, 'f4').reshape(-1, 4) * np.array([kx, ky, kx, ky], 'f4') - np.array([x, y, x, y], 'f4')
        c = np.clip(s, 0, [pw, ph, pw, ph])
        area = np.maximum(c[:, 2] - c[:, 0], 0) * np.maximum(c[:, 3] - c[:, 1], 0)
        return c, area / np.maximum((s[:, 2] - s[:, 0]) * (s[:, 3] - s[:, 1]), 1e-3)

    p, seen = placed(people[:, 1:])
    score = people[:, 0]
    m = seen > .02
    p, score, seen = p[m], score[m], seen[m]
    people = np.concatenate([np.where(seen >= .3, score, np.minimum(score, .3))[:, None], p], 1)
    b, share = placed(bibs)
    bibs = np.concatenate([share[:, None], b], 1)[share > .02]
    u, seen = placed(ignore)
    return out, people, bibs, u[seen > .02], (pw, ph)


def sample(scene, side, rng, painter):
    im, people, bibs, ignore, (pw, ph) = crop(scene, side, rng)
    middle = lambda b: np.stack([(b[:, 0] + b[:, 2]) / 2, (b[:, 1] + b[:, 3]) / 2], 1)
    known = scene['complete'] or 'unsure' in scene
    # Who carries a bib that is labelled.
    c = middle(bibs[:, 1:]) if len(bibs) else np.zeros((0, 2))
    carries = np.array([bool(((c > p[1:3]) & (c < p[3:5])).all(1).any()) for p in people], bool)
    if not known:
        ignore = np.concatenate([ignore, people[~carries][:, 1:]]) if len(people) else ignore
    # Other bibs in place of those that are there.
    bibs = bibs.copy()
    for i, (share, x0, y0, x1, y1) in enumerate(bibs):
        if share > .98 and x1 - x0 >= 8 and rng.random() < .3:
            w, h = x1 - x0, y1 - y0
            quad = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]) + rng.uniform(-.04, .02, (4, 2)) * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * [w, h]
            box = painter.paste(im, quad, painter.card())
            if box is not None:
                bibs[i, 1:] = box
    # Bibs for those who show none.
    added = []
    for p, has in zip(people, carries):
        w, h = p[3] - p[1], p[4] - p[2]
        if has or p[0] < SURE or h < 45 or not 1.5 < h / max(w, 1) < 4.2:
            continue
        if rng.random() < .25:
            painter.shirt(im, p[1:])
        if rng.random() < .5:
            continue
        if p[4] >= ph - 2 or p[2] <= 1:  # its feet or its head are not in the picture
            continue
        wide = h * rng.uniform(.085, .15)
        high = wide * np.clip(rng.normal(.8, .12), .55, 1.15)
        cx, cy = p[1] + w * np.clip(rng.normal(.5, .06), .35, .65), p[2] + h * np.clip(rng.normal(.40, .06), .28, .52)
        a = rng.normal(0, .13)
        r = np.array([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]])
        if rng.random() < .25:
            wide *= rng.uniform(.4, .9)  # seen from the side
        quad = (np.array([[-.5, -.5], [.5, -.5], [.5, .5], [-.5, .5]]) + rng.normal(0, .03, (4, 2))) * [wide, high] @ r + [cx, cy]
        around = np.array([[cx - wide / 2, cy - high / 2, cx + wide / 2, cy + high / 2]])
        others = np.concatenate([bibs[:, 1:], ignore[:0], np.array(added).reshape(-1, 4)])
        if len(others) and overlaps(around, others)[0].max() > .05:
            continue
        box = painter.paste(im, quad, painter.card())
        if box is None:
            continue
        if rng.random() < .25 and wide > 14:
            box = painter.cover(im, box)
        added.append(box)
    if added:
        bibs = np.concatenate([bibs, np.concatenate([np.ones((len(added), 1)), np.array(added)], 1)])
    painter.renew()
    if rng.random() < .4:
        for _ in range(rng.integers(1, 4)):
            painter.sign(im, np.concatenate([people[:, 1:], bibs[:, 1:]]))
    im = light(im, rng)
    return dict(im=np.ascontiguousarray(im), people=people.astype('f4'), bibs=bibs.astype('f4'), ignore=np.asarray(ignore, 'f4').reshape(-1, 4))


def mirrored(s):
    side = s['im'].shape[1]

    def turn(b, first):
        b = b.copy()
        b[:, first], b[:, first + 2] = side - b[:, first + 2], side - b[:, first].copy()
        return b
    return dict(im=np.ascontiguousarray(s['im'][:, ::-1]), people=turn(s['people'], 1), bibs=turn(s['bibs'], 1), ignore=turn(s['ignore'], 0))


def paint(boxes, stride, n, score, where, distance):
    """Draw the targets of one class: a bump at each centre, distances around it. Big boxes first, so that small ones win."""
    grid = np.arange(n, dtype='f4') * stride + stride / 2
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    for i in np.argsort(-area):
        a, b, c, d = boxes[i].tolist()
        w, h = c - a, d - b
        cx, cy = min(n - 1, int((a + c) / 2 / stride)), min(n - 1, int((b + d) / 2 / stride))
        sx, sy = max(.6, w * .1 / stride), max(.6, h * .1 / stride)
        rx, ry = int(3 * sx) + 1, int(3 * sy) + 1
        x0, x1, y0, y1 = max(0, cx - rx), min(n, cx + rx + 1), max(0, cy - ry), min(n, cy + ry + 1)
        g = (np.exp(-.5 * ((np.arange(x0, x1) - cx) / sx) ** 2)[None] * np.exp(-.5 * ((np.arange(y0, y1) - cy) / sy) ** 2)[:, None]).astype('f4')
        at = (slice(y0, y1), slice(x0, x1))
        score[at] = np.maximum(score[at], g)
        m = g > .2
        where[at][m] = g[m]
        gx, gy = np.broadcast_to(grid[None, x0:x1], g.shape), np.broadcast_to(grid[y0:y1, None], g.shape)
        for k, v in enumerate((gx - a, gy - b, c - gx, d - gy)):
            distance[k][at][m] = v[m]


def shade(weight, boxes, stride, value, margin=0):
    for a, b, c, d in boxes:
        weight[max(0, int(b / stride) - margin):int(d / stride) + 1 + margin, max(0, int(a / stride) - margin):int(c / stride) + 1 + margin] = value


def targets(s):
    """-> picture float32 [3, side, side] 0..1, and for people and for bibs score, weight, where [n, n], distance [4, n, n] in pixels."""
    side, out = s['im'].shape[0], []
    for kind, stride in ((PERSON, STRIDES[0]), (BIB, STRIDES[1])):
        n = side // stride
        score, weight, where, distance = np.zeros((n, n), 'f4'), np.ones((n, n), 'f4'), np.zeros((n, n), 'f4'), np.zeros((4, n, n), 'f4')
        rows = s['people'] if kind == PERSON else s['bibs']
        least, smallest = (SURE, PERSON_MIN) if kind == PERSON else (KEPT, BIB_MIN)
        boxes = rows[:, 1:]
        size = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
        counts = (rows[:, 0] >= least) & (size >= smallest)
        if kind == BIB:
            shade(weight, s['ignore'], stride, 0)
            shade(weight, boxes[counts], stride, 1, 1)
        shade(weight, boxes[~counts], stride, 0)
        paint(boxes[counts], stride, n, score, where, distance)
        weight[score > .5] = 1
        out += [score, weight, where, distance]
    return np.ascontiguousarray(s['im'].transpose(2, 0, 1)).astype('f4') / 255, *out
