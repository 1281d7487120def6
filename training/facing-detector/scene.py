"""Draws a photo of shelves with its truth.

Packages are sprites at their true depth before a camera that looks straight on; a homography then turns the camera (exact
for a pinhole), a radial map bends the picture. A second canvas holds which package every pixel belongs to, so what is
visible is counted, not guessed. Lengths in cm: x to the right, y up, z away from the camera (0 = front edge of the boards).

Truth: a facing is the front package of a column (of every level of a stack) of which >= 35 % is visible; its box holds its
outline and what is seen of its side and top, cut by the picture's edge, by the rail and by a carton's lip, not by
neighbours or signs. Package seen less than that, and others further back that are well visible, count neither way. A gap is
the place of a missing package within a block; wide empty stretches are neither gap nor background.
"""
import math
from dataclasses import dataclass

import cv2
import numpy as np

import packages
from labels import Labels, colour

LEAST = .35


class Shop:
    """What scenes are made of; `renew` exchanges a little of it."""

    def __init__(self, pool, rng, size=260):
        self.labels, self.rng = Labels(pool, rng), rng
        self.goods = [packages.make(self.labels, rng) for _ in range(size)]
        self.families()
        self.tags = [self.labels.tag(rng) for _ in range(80)]
        self.backgrounds = self.labels.photos + self.labels.cloth

    def families(self):
        self.kinds = {}
        for p in self.goods:
            self.kinds.setdefault('hang' if p.hangs else p.kind.split('-')[0], []).append(p)

    def renew(self, n=3):
        for _ in range(n):
            self.goods[self.rng.integers(len(self.goods))] = packages.make(self.labels, self.rng)
        self.tags[self.rng.integers(len(self.tags))] = self.labels.tag(self.rng)
        self.families()


@dataclass
class Scene:
    """A drawn photo, RGB uint8, and its truth; boxes are x0, y0, x1, y1 in pixels."""
    im: np.ndarray
    boxes: list
    places: list  # of each box: dict(row from the floor up, position, block, level, package)
    gaps: list
    gap_places: list  # the same without level
    ignore: list
    unsure: list  # gaps that count neither way


class Canvas:
    def __init__(self, w, h, ground):
        self.w, self.h = w, h
        self.im = np.empty((h, w, 3), 'f4')
        self.im[:] = ground
        self.ids = np.zeros((h, w), 'i2')

    def polygon(self, points, c, id_=0):
        p = [np.round(np.clip(np.array(points, float), -8000, 8000) * 8).astype('i4')]
        cv2.fillPoly(self.im, p, tuple(float(min(255, max(0, v))) for v in c), cv2.LINE_AA, 3)
        cv2.fillPoly(self.ids, p, int(id_), 8, 3)

    def paste(self, sprite, x, y, w, h, factor=1.0, angle=0.0, id_=0):
        """Sprite (RGBA, or RGB for a solid one) at x, y (top left), w x h px, turned by `angle` about the middle of its foot."""
        if w < 2 or h < 2 or x > self.w or y > self.h or x + w < 0 or y + h < 0:
            return
        tw, th = max(2, round(w)), max(2, round(h))
        if tw > 3 * self.w or th > 3 * self.h:
            return
        t = sprite
        while 2 * th <= t.shape[0] and 2 * tw <= t.shape[1]:  # halving and then interpolating is far faster than one averaging
            t = cv2.resize(t, (t.shape[1] // 2, t.shape[0] // 2), interpolation=cv2.INTER_AREA)
        t = cv2.resize(t, (tw, th), interpolation=cv2.INTER_LINEAR)
        if t.shape[2] == 3:
            t = np.dstack([t, np.full(t.shape[:2], 255, 'u1')])
        x0, y0 = round(x), round(y)
        if angle:
            m = max(4, int(abs(math.sin(angle)) * max(tw, th)) + 4)
            t = cv2.copyMakeBorder(t, m, m, m, m, cv2.BORDER_CONSTANT)
            t = cv2.warpAffine(t, cv2.getRotationMatrix2D((tw / 2 + m, th + m), -math.degrees(angle), 1), t.shape[1::-1], flags=cv2.INTER_LINEAR)
            x0, y0 = x0 - m, y0 - m
        ax, ay, bx, by = max(0, x0), max(0, y0), min(self.w, x0 + t.shape[1]), min(self.h, y0 + t.shape[0])
        if bx <= ax or by <= ay:
            return
        t = t[ay - y0:by - y0, ax - x0:bx - x0]
        a = t[..., 3:].astype('f4') / 255
        roi = self.im[ay:by, ax:bx]
        roi += (np.minimum(t[..., :3].astype('f4') * factor, 255) - roi) * a
        self.ids[ay:by, ax:bx][t[..., 3] > 70] = id_


class View:
    """Camera: frontal canvas, then turned and bent."""

    def __init__(self, rng, w, h, wide, tall, near):
        self.w, self.h = w, h
        across = near
        s = w / across
        self.distance = across * rng.uniform(.6, 1.8)
        f = self.distance * s
        strong = rng.random() < .3
        a, b, c = math.radians(rng.normal(0, 17 if strong else 5)), math.radians(rng.normal(0, 11 if strong else 4)), math.radians(rng.normal(0, 2.5 if rng.random() < .9 else 9))
        a, b = float(np.clip(a, -.6, .6)), float(np.clip(b, -.42, .42))
        ry = np.array([[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]])
        rx = np.array([[1, 0, 0], [0, math.cos(b), -math.sin(b)], [0, math.sin(b), math.cos(b)]])
        rz = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
        turn = rz @ rx @ ry
        k = np.array([[f, 0, w / 2], [0, f, h / 2], [0, 0, 1.]])
        g = k @ turn @ np.linalg.inv(k)
        high = h / s
        aim_x = rng.uniform(min(across / 2, wide / 2), max(wide - across / 2, wide / 2)) + rng.uniform(-.06, .06) * across
        aim_y = rng.uniform(min(high / 2, tall / 2), max(tall - high / 2, tall / 2)) + rng.uniform(-.1, .1) * high
        ray = turn.T @ [0, 0, 1.]
        self.eye_x = aim_x - self.distance * ray[0] / ray[2]
        self.eye_y = aim_y + self.distance * ray[1] / ray[2]
        corners = cv2.perspectiveTransform(np.array([[[0, 0], [w, 0], [w, h], [0, h]]], float), np.linalg.inv(g))[0]
        x0, y0 = np.maximum(corners.min(0), [-w, -h])
        x1, y1 = np.minimum(corners.max(0), [2 * w, 2 * h])
        pad = 10
        self.x0, self.y0, self.cw, self.ch = x0 - pad, y0 - pad, int(x1 - x0) + 2 * pad, int(y1 - y0) + 2 * pad
        self.g = g @ np.array([[1, 0, self.x0], [0, 1, self.y0], [0, 0, 1.]])
        self.f, self.px, self.py = f, w / 2 - self.x0, h / 2 - self.y0
        self.bend = rng.normal(0, .03) if rng.random() < .5 else (rng.uniform(.05, .3) if rng.random() < .12 else 0)

    def x(self, x, z=0.0):
        return self.px + (x - self.eye_x) * self.f / (self.distance + z)

    def y(self, y, z=0.0):
        return self.py - (y - self.eye_y) * self.f / (self.distance + z)

    def scale(self, z=0.0):
        return self.f / (self.distance + z)

    def shoot(self, canvas):
        """-> RGB float picture, ids."""
        if abs(self.bend) < 1e-3:
            im = cv2.warpPerspective(canvas.im, self.g, (self.w, self.h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            return im, cv2.warpPerspective(canvas.ids, self.g, (self.w, self.h), flags=cv2.INTER_NEAREST)
        v, u = np.mgrid[0:self.h, 0:self.w].astype('f4')
        cx, cy, r = self.w / 2, self.h / 2, math.hypot(self.w, self.h) / 2
        u, v = (u - cx) / r, (v - cy) / r
        k = 1 + self.bend * (u * u + v * v) - self.bend * .5
        u, v = u * k * r + cx, v * k * r + cy
        i = np.linalg.inv(self.g)
        d = i[2, 0] * u + i[2, 1] * v + i[2, 2]
        mx, my = ((i[0, 0] * u + i[0, 1] * v + i[0, 2]) / d).astype('f4'), ((i[1, 0] * u + i[1, 1] * v + i[1, 2]) / d).astype('f4')
        im = cv2.remap(canvas.im, mx, my, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return im, cv2.remap(canvas.ids, mx, my, cv2.INTER_NEAREST)

    def seen(self, points):
        """Canvas points [n, 2] -> picture points."""
        p = cv2.perspectiveTransform(np.asarray(points, float)[None], self.g)[0]
        if abs(self.bend) < 1e-3:
            return p
        c, r = np.array([self.w / 2, self.h / 2]), math.hypot(self.w, self.h) / 2
        q = (p - c) / r
        t = q.copy()
        for _ in range(8):
            t = q / (1 + self.bend * (t * t).sum(1, keepdims=True) - self.bend * .5)
        return t * r + c


GREYS = [(228, 228, 225), (200, 200, 200), (150, 150, 155), (236, 232, 220), (60, 60, 62), (172, 140, 105), (24, 24, 26)]


def panel(rng, cv, view, wide, tall, depth, back, fixture):
    """What is seen where nothing stands: slats, holes, slots, mesh, or nothing."""
    X, Y = view.x, view.y
    kind = 'slats' if fixture == 'hooks' and rng.random() < .6 else rng.choice(['plain', 'plain', 'slats', 'holes', 'slots', 'posts', 'mesh'])
    c = tuple(float(v) for v in back * (rng.uniform(.45, .85) if rng.random() < .8 else rng.uniform(1.1, 1.4)))
    line = lambda x0, y0, x1, y1, n=1: cv2.line(cv.im, (int(X(x0, depth)), int(Y(y0, depth))), (int(X(x1, depth)), int(Y(y1, depth))), c, n, cv2.LINE_AA)
    if kind in ('slats', 'mesh'):
        for y in np.arange(0, tall, rng.uniform(2.5, 9)):
            line(0, y, wide, y, int(rng.integers(1, 4)))
    if kind == 'mesh':
        for x in np.arange(0, wide, rng.uniform(2.5, 9)):
            line(x, 0, x, tall)
    elif kind == 'posts':
        for x in np.arange(0, wide, rng.uniform(25, 70)):
            line(x, 0, x, tall, int(rng.integers(2, 8)))
    elif kind in ('holes', 'slots'):
        step = rng.uniform(2.5, 6)
        r = max(1, round(rng.uniform(.2, .5) * view.scale(depth)))
        x0, x1, y0, y1 = X(0, depth), X(wide, depth), Y(tall, depth), Y(0, depth)
        d = max(3.0, step * view.scale(depth))
        for y in np.arange(max(0, y0), min(cv.h, y1), d):
            for x in np.arange(max(0, x0), min(cv.w, x1), d):
                cv2.rectangle(cv.im, (int(x), int(y)), (int(x) + r - 1, int(y) + (r if kind == 'holes' else 3 * r) - 1), c, -1)


def rows_of(shop, rng, fixture, wide, stacked):
    """Rows from the bottom up: dict(y, h, goods, stacks)."""
    n = int(rng.choice([1, 2, 3, 3, 4, 4, 5, 5, 5, 6, 6, 7])) if fixture != 'floor' else int(rng.choice([1, 1, 2]))
    kinds = list(shop.kinds)
    weight = np.array([len(shop.kinds[k]) for k in kinds], float) ** .6
    for i, k in enumerate(kinds):
        if fixture == 'hooks':
            weight[i] = 1 if k == 'hang' else 0
        elif fixture == 'floor':
            weight[i] = 3 if k in ('shrink', 'carton') else 1 if k in ('bottle', 'box', 'bag') else 0
        elif k == 'hang':
            weight[i] = .1
    weight /= weight.sum()
    theme, y, out = rng.choice(['mixed', 'row', 'row', 'row', 'one']), rng.uniform(3, 25), []
    whole, few = kinds[rng.choice(len(kinds), p=weight)], int(rng.integers(2, 11))
    for _ in range(n):
        kind = whole if theme == 'one' else kinds[rng.choice(len(kinds), p=weight)]
        all_ = [p for k, w in zip(kinds, weight) if w > 0 for p in shop.kinds[k]] if theme == 'mixed' else shop.kinds[kind]
        goods = [all_[i] for i in rng.permutation(len(all_))[:few]]
        stacks = {id(p): int(rng.integers(2, p.stack + 1)) if p.stack > 1 and rng.random() < (.9 if fixture == 'floor' else stacked) else 1 for p in goods}
        high = max(p.h * stacks[id(p)] for p in goods)
        out.append(dict(y=y, h=high + (rng.uniform(1.5, 9) if rng.random() < .85 else rng.uniform(9, 28)), goods=goods, stacks=stacks))
        y += out[-1]['h'] + rng.uniform(2, 5.5)
    return out, y


def fill(row, index, shop, rng, wide, depth, habits):
    """Columns of one row -> (fronts, gaps, unsure stretches, blocks as (x0, x1, package, lip)); positions count columns and gaps from the left."""
    fronts, gaps, unsure, blocks, x, position = [], [], [], [], rng.uniform(0, 4), -1
    if rng.random() < habits['bare']:
        return [], [], [(x, wide)], []
    while x < wide - 4:
        if rng.random() < habits['hole']:
            long = rng.uniform(12, 50)
            unsure.append((x, min(wide, x + long)))
            x += long
            continue
        p = row['goods'][rng.integers(len(row['goods']))]
        n = 1 + int(rng.integers(0, 3)) if p.w > 20 else 1 + int(rng.integers(0, habits['run']))
        z0 = rng.uniform(0, 2.5) + (rng.uniform(4, 16) if rng.random() < .07 else 0)
        deep, start, back = int(rng.integers(1, habits['deep'] + 1)), x, z0
        soft = p.kind.startswith('bag')
        for _ in range(n):
            place = dict(row=index, position=position + 1, block=len(blocks))
            step = p.w * (habits['soft'] if soft else habits['tight']) + habits['air'] * rng.random() * .8
            if x + p.w > wide:
                break
            levels, position = row['stacks'][id(p)], position + 1
            if rng.random() < habits['gap']:
                if rng.random() < .65:
                    gaps.append((x, p, p.h * 1.0, place))
                    x += step
                    continue
                back = min(depth - p.d, z0 + (p.d + .3) * rng.integers(1, 4))
            z = min(max(0, depth - p.d), back + rng.uniform(0, habits['ragged']))
            back = z0
            tops = max(1, levels - (int(rng.integers(0, levels)) if rng.random() < .2 else 0))
            column = dict(x=x + rng.normal(0, habits['jitter']), p=p, z=z, tops=tops, deep=deep, levels=levels, place=place)
            fronts.append(column)
            x += step
        if x > start:
            lip = rng.uniform(2, max(2.1, min(8, .42 * p.h))) if rng.random() < habits['cartons'] and p.h > 7 else 0
            blocks.append((start, x, p, lip))
        else:
            x += 3
        x += rng.uniform(0, 1.5) if rng.random() < habits['joined'] else rng.uniform(2, 13)
    return fronts, gaps, unsure, blocks


def shade_holes(cv, view, fronts, y, top, wide, depth, gloom):
    """Goods on both sides keep the light out of a hole: the wall behind it darkens towards them, and towards the board above."""
    spans = sorted((c['x'], c['x'] + c['p'].w, c['p'].h * c['tops']) for c in fronts)
    edges = [(0.0, 0.0)] + [(b, h) for _, b, h in spans], [(a, h) for a, _, h in spans] + [(wide, 0.0)]
    for (a, left), (b, right) in zip(*edges):
        if b - a < 2 or gloom == 0:
            continue
        x0, x1 = (int(np.clip(view.x(v, depth), 0, cv.w)) for v in (a, b))
        y0, y1 = (int(np.clip(view.y(v, depth), 0, cv.h)) for v in (top, y))
        if x1 - x0 < 2 or y1 - y0 < 2:
            continue
        u, v = np.linspace(0, b - a, x1 - x0)[None], np.linspace(top - y, 0, y1 - y0)[:, None]
        near = lambda far, high: np.exp(-far / 9) * np.clip((high + 4 - v) / 8, 0, 1)
        shade = np.maximum(near(u, left), near(b - a - u, right)) * gloom + .4 * gloom * np.exp(-(top - y - v) / 6)
        cv.im[y0:y1, x0:x1] *= (1 - np.clip(shade, 0, .9)).astype('f4')[..., None]


def scene(shop, rng, long_side=1024, missing=(0, .06, .15, .3)):
    """-> Scene. `missing`: shares of columns that are gone or stand back, one of them for the whole scene."""
    shape = rng.choice([4 / 3, 3 / 4, 4 / 3, 3 / 4, 1.5, 16 / 9, 9 / 16, 1])
    w, h = (long_side, int(long_side / shape)) if shape >= 1 else (int(long_side * shape), long_side)
    fixture = str(rng.choice(['boards', 'wire', 'fridge', 'hooks', 'floor'], p=[.6, .1, .14, .09, .07]))
    bay, bays = rng.uniform(70, 135), int(rng.choice([1, 1, 2, 2, 3]))
    wide, depth = bay * bays, rng.uniform(28, 58)
    rows, tall = rows_of(shop, rng, fixture, wide, rng.choice([.1, .2, .6]))
    near = wide * rng.uniform(1, 1.3) if rng.random() < .35 else rng.uniform(28, 90) if rng.random() < .5 else rng.uniform(80, 220)
    if near > 90 and rng.random() < .6:
        near = max(near, tall * w / h * rng.uniform(.5, 1.1))
    near = float(np.clip(near, 28, min(340, max(60, wide * 1.35, tall * 1.1 * w / h))))
    view = View(rng, w, h, wide, tall, near)
    X, Y, scale = view.x, view.y, view.scale
    room = np.array(colour(rng), 'f4') * .3 + rng.uniform(20, 170)
    cv = Canvas(view.cw, view.ch, room)
    if rng.random() < .6:
        im = shop.backgrounds[rng.integers(len(shop.backgrounds))]
        blur = cv2.GaussianBlur(cv2.resize(im, (cv.w // 2, cv.h // 2)), (0, 0), rng.uniform(.5, 8))
        cv.im[:] = cv2.resize(blur, (cv.w, cv.h)).astype('f4') * rng.uniform(.35, .95)
    steel = np.array(GREYS[rng.choice(7, p=[.3, .2, .12, .12, .1, .08, .08])] if rng.random() < .9 else colour(rng), 'f4')
    back = steel * rng.uniform(.35, .97)
    if fixture != 'floor':
        quad = lambda z: [(X(0, z), Y(tall, z)), (X(wide, z), Y(tall, z)), (X(wide, z), Y(0, z)), (X(0, z), Y(0, z))]
        if not (fixture == 'wire' and rng.random() < .6):
            cv.polygon(quad(depth), back)
            panel(rng, cv, view, wide, tall, depth, back, fixture)
        for xs in (0, wide):
            cv.polygon([(X(xs), Y(tall)), (X(xs, depth), Y(tall, depth)), (X(xs, depth), Y(0, depth)), (X(xs), Y(0))], back * .88)
    rail_c = np.array([(236, 236, 236), (190, 192, 195), (40, 70, 170), (200, 30, 30), (245, 210, 40), (30, 120, 60), colour(rng), steel][rng.choice(8, p=[.25, .18, .1, .08, .06, .05, .1, .18])], 'f4')
    rail_h = rng.uniform(2, 5.5) if fixture != 'wire' else rng.uniform(.5, 3)
    habits = dict(bare=.2 if rng.random() < .15 else .02, hole=.15 if rng.random() < .25 else .01, run=int(rng.choice([2, 5, 7, 10])), deep=int(rng.choice([1, 2, 3, 4])),
                  soft=rng.uniform(.84, 1.06), tight=rng.uniform(.88, .98) if rng.random() < .12 else 1, air=rng.uniform(0, 1.4), gap=rng.choice(missing),
                  ragged=rng.uniform(2, 10) if rng.random() < .35 else 1, jitter=rng.uniform(.3, 1.3) if rng.random() < .25 else .12, cartons=rng.choice([0, 0, .1, .6]),
                  joined=rng.choice([.6, .85, .95]))
    bright, tag_share, dark = rng.uniform(.8, 1.12), rng.uniform(.3, 1), rng.uniform(.04, .2)
    gloom = rng.uniform(0, .7) if rng.random() < .7 else 0
    order = sorted(range(len(rows)), key=lambda i: -abs(rows[i]['y'] + rows[i]['h'] / 2 - view.eye_y))
    items, gaps, unsure, id_ = {}, [], [], 0
    for index in order:
        row = rows[index]
        y, top = row['y'], row['y'] + row['h']
        last = index + 1 == len(rows)
        if fixture in ('boards', 'fridge', 'wire') and view.eye_y > y:
            cv.polygon([(X(0), Y(y)), (X(wide), Y(y)), (X(wide, depth), Y(y, depth)), (X(0, depth), Y(y, depth))], steel * (.85 if fixture != 'wire' else .5))
            if fixture == 'wire':
                for z in np.arange(0, depth, 3):
                    cv2.line(cv.im, (int(X(0, z)), int(Y(y, z))), (int(X(wide, z)), int(Y(y, z))), tuple(float(v) for v in steel), 1)
        if fixture in ('boards', 'fridge') and view.eye_y < top and not last:
            cv.polygon([(X(0), Y(top)), (X(wide), Y(top)), (X(wide, depth), Y(top, depth)), (X(0, depth), Y(top, depth))], steel * .5)
        fronts, row_gaps, row_unsure, blocks = fill(row, index, shop, rng, wide, depth, habits)
        gaps += [(x, p, y if fixture != 'hooks' else top - p.h - 1, high, place) for x, p, high, place in row_gaps]
        unsure += [(a, b, y, top) for a, b in row_unsure]
        if fixture != 'hooks':
            shade_holes(cv, view, fronts, y, top, wide, depth, gloom)
        jobs = []
        for c in fronts:
            p = c['p']
            if X(c['x'] + p.w) < -60 or X(c['x']) > cv.w + 60:
                continue
            for level in range(c['tops']):
                id_ += 1
                jobs.append((c['z'], c, level, c['x'], id_, True))
            z = c['z']
            for k in range(1, c['deep']):
                z += p.d + .4
                if z + p.d > depth:
                    break
                for level in range(c['levels']):
                    id_ += 1
                    jobs.append((z, c, level, c['x'] + rng.normal(0, .4), id_, False))
        jobs.sort(key=lambda j: (-round(j[0] / 3), -abs(j[3] + j[1]['p'].w / 2 - view.eye_x), j[2]))
        low, high = Y(y), (Y(top) if not last and fixture in ('boards', 'fridge') else -1e9)
        for z, c, level, x, n, front in jobs:
            p = c['p']
            s, foot = scale(z), (y + level * p.h * .985) if fixture != 'hooks' else top - p.h - 1
            angle = rng.normal(0, .035) if p.kind.startswith('bag') or p.hangs else rng.normal(0, .13) if rng.random() < .015 else rng.normal(0, .008) if rng.random() < .3 else 0
            pw, ph = p.w * s, p.h * s * (rng.uniform(.97, 1.03) if p.kind.startswith('bag') else 1)
            px, py = X(x, z), Y(foot, z) - ph
            if px > cv.w or px + pw < 0 or py > cv.h or py + ph < 0:
                continue
            factor = (.97 - (0 if front else dark) - .006 * z) * rng.uniform(.93, 1.05) * bright
            sprite = p.views[rng.integers(len(p.views))] if rng.random() < .5 else p.views[0]
            lying = front and level == 0 and p.h < 24 and p.w < 12 and rng.random() < .006 and fixture != 'hooks'
            if lying:
                sprite, pw, ph, angle = np.ascontiguousarray(np.rot90(sprite)), ph, pw, 0
                py = Y(foot, z) - ph
            far = min(z + p.d, max(depth, z + 1))
            if p.side is not None and not lying and abs(angle) < .03:
                edge, far_edge = (px, X(x, far)) if x > view.eye_x else (px + pw, X(x + p.w, far))
                if abs(edge - far_edge) > 1.2:
                    quad = np.array([(edge, py), (far_edge, Y(foot + p.h, far)), (far_edge, Y(foot, far)), (edge, py + ph)], 'f4')
                    m0, m1 = np.maximum(np.floor(quad.min(0)).astype(int), 0), np.minimum(np.ceil(quad.max(0)).astype(int), (cv.w, cv.h))
                    if (m1 > m0).all():
                        sh, sw = p.side.shape[:2]
                        m = cv2.getPerspectiveTransform(np.array([(0, 0), (sw, 0), (sw, sh), (0, sh)], 'f4'), quad - m0.astype('f4'))
                        size = tuple(int(v) for v in m1 - m0)
                        t = cv2.warpPerspective(p.side, m, size).astype('f4') * factor * .72
                        a = np.zeros(size[::-1], 'f4')
                        cv2.fillPoly(a, [np.round((quad - m0) * 8).astype('i4')], 1.0, cv2.LINE_AA, 3)
                        roi = cv.im[m0[1]:m1[1], m0[0]:m1[0]]
                        roi += (t - roi) * a[..., None]
                        cv.ids[m0[1]:m1[1], m0[0]:m1[0]][a > .5] = n
            if p.side is not None and not lying and view.eye_y > foot + p.h:
                cv.polygon([(px, py + .5), (px + pw, py + .5), (X(x + p.w, far), Y(foot + p.h, far)), (X(x, far), Y(foot + p.h, far))], np.array(p.top) * factor * .95, n)
            cv.paste(sprite, px, py, pw, ph, factor, angle, n)
            if p.lid and not lying and view.eye_y > foot + p.h:
                e = (Y(foot + p.h, z) - Y(foot + p.h, far)) * p.lid
                if e > 1:
                    axes = lambda k: (int(pw * p.lid * 8 * k), int(e * 8 * k))
                    at = (int((px + pw / 2) * 8), int((py + ph * .012) * 8))
                    for k, shade in ((1, 1), (.85, .8)):
                        cv2.ellipse(cv.im, at, axes(k), 0, 0, 360, tuple(float(min(255, v * factor * shade)) for v in p.top), -1, cv2.LINE_AA, 3)
                    cv2.ellipse(cv.ids, at, axes(1), 0, 0, 360, n, -1, 8, 3)
            a = sprite[..., 3] > 70
            ys, xs = np.nonzero(a.any(1))[0], np.nonzero(a.any(0))[0]
            fill_share = a[ys[0]:ys[-1] + 1, xs[0]:xs[-1] + 1].mean()
            H, W = a.shape
            o = np.array([(px + pw * u / W, py + ph * v / H) for u in (xs[0], xs[-1] + 1) for v in (ys[0], ys[-1] + 1)])
            if angle:
                ax, ay = px + pw / 2, py + ph
                ca, sa = math.cos(angle), math.sin(angle)
                o = np.stack([ax + (o[:, 0] - ax) * ca - (o[:, 1] - ay) * sa, ay + (o[:, 0] - ax) * sa + (o[:, 1] - ay) * ca], 1)
            items[n] = dict(o=o, share=fill_share, front=front, low=low, high=high, place=dict(c['place'], level=level, package=p))
        if fixture in ('boards', 'fridge') and not last and rng.random() < .8:  # shade below the next board
            a, b = int(np.clip(Y(top), 0, cv.h)), int(np.clip(Y(top - row['h'] * .3), 0, cv.h))
            xa, xb = int(np.clip(X(0), 0, cv.w)), int(np.clip(X(wide), 0, cv.w))
            if b > a + 1 and xb > xa:
                cv.im[a:b, xa:xb] *= np.linspace(rng.uniform(.45, .9), 1, b - a)[:, None, None]
        for a, b, p, lip in blocks:
            if not lip or fixture == 'hooks':
                continue
            art = shop.labels.plain(rng, max(12, int((b - a) * 6)), max(8, int(lip * 6))) if rng.random() < .5 else shop.labels.art(rng, max(12, (b - a) * 6), max(8, lip * 6))
            if rng.random() < .5:
                art = (art * .25 + np.array([176, 138, 96]) * .75).astype('u1')
            cv.paste(art, X(a - .2, -.2), Y(y + lip, -.2), (b - a) * scale(-.2), lip * scale(-.2), bright)
            for n in [j[4] for j in jobs if a - 1 <= j[1]['x'] < b and j[2] == 0 and j[5]]:
                if n in items:
                    items[n]['low'] = Y(y + lip, -.2)
        if fixture in ('boards', 'fridge'):
            ra, rb = Y(y + .3), Y(y - rail_h)
            band = lambda u, v, c: cv.polygon([(X(0, -1), ra + (rb - ra) * u), (X(wide, -1), ra + (rb - ra) * u), (X(wide, -1), ra + (rb - ra) * v), (X(0, -1), ra + (rb - ra) * v)], c)
            band(0, 1, rail_c), band(0, .25, rail_c * .88 + 20), band(.9, 1, rail_c * .6)
        elif fixture == 'wire':
            for dy in np.linspace(.2, -rail_h, 3):
                cv2.line(cv.im, (int(X(0, -1)), int(Y(y + dy, -1))), (int(X(wide, -1)), int(Y(y + dy, -1))), tuple(float(v) for v in steel * .9), max(1, int(.35 * scale())), cv2.LINE_AA)
            if rng.random() < .4:
                fence = rng.uniform(2, 6)
                for xs in np.arange(0, wide, rng.uniform(2, 5)):
                    cv2.line(cv.im, (int(X(xs, -1)), int(Y(y, -1))), (int(X(xs, -1)), int(Y(y + fence, -1))), tuple(float(v) for v in steel * .9), max(1, int(.25 * scale())), cv2.LINE_AA)
        elif fixture == 'hooks':
            for a, b, p, _ in blocks:
                for xs in np.arange(a, b, max(3, p.w)):
                    t = shop.tags[rng.integers(len(shop.tags))]
                    if rng.random() < tag_share:
                        cv.paste(t, X(xs + p.w / 2 - 2, -6), Y(top - .3, -6), 4.5 * scale(-6), 2.6 * scale(-6), bright)
        if fixture != 'hooks':
            every = rng.random() < .3
            for a, b, p, _ in blocks:
                for xs in (np.arange(a, b, max(5, p.w)) if every else [a + rng.uniform(0, max(.1, b - a - 6))]):
                    if rng.random() < tag_share and fixture != 'floor':
                        t = shop.tags[rng.integers(len(shop.tags))]
                        th = max(2.2, rail_h) * rng.uniform(.75, 1.25) * scale(-1)
                        cv.paste(t, X(xs, -1.2), Y(y + .2, -1.2) + rng.uniform(-.15, .15) * th, th * t.shape[1] / t.shape[0], th, bright, rng.normal(0, .02))
    for k in range(1, bays):
        if rng.random() < .6 and fixture != 'floor':
            x = X(k * bay, -1.2)
            cv.polygon([(x, Y(tall)), (x + max(1, rng.uniform(.2, 3) * scale()), Y(tall)), (x + max(1, rng.uniform(.2, 3) * scale()), Y(0)), (x, Y(0))], steel * rng.uniform(.4, .9))
    if rng.random() < .5 and fixture in ('boards', 'wire', 'hooks'):
        for xs in (-3, wide):
            cv.polygon([(X(xs, -1), Y(tall + 3)), (X(xs + 3, -1), Y(tall + 3)), (X(xs + 3, -1), Y(-10)), (X(xs, -1), Y(-10))], steel * .9)
            for yy in np.arange(0, tall, 3.2):
                cv.polygon([(X(xs + 1.2, -1), Y(yy)), (X(xs + 1.8, -1), Y(yy)), (X(xs + 1.8, -1), Y(yy + 1.6)), (X(xs + 1.2, -1), Y(yy + 1.6))], (30, 30, 30))
    if fixture != 'floor' or rng.random() < .5:
        y = rows[0]['y'] - rail_h
        floor = room * rng.uniform(.3, .9) if rng.random() < .5 else np.array(GREYS[rng.integers(6)], 'f4') * rng.uniform(.5, 1)
        cv.polygon([(X(-300, -2), Y(y, -2)), (X(wide + 300, -2), Y(y, -2)), (X(wide + 300, -2), Y(-120, -2)), (X(-300, -2), Y(-120, -2))], floor)
        if rng.random() < .5:  # tiles
            step, shade, front = rng.uniform(15, 60), tuple(float(v) for v in floor * rng.choice([.7, .85, 1.15])), -.8 * view.distance
            ends = [((X(x, -2), Y(y, -2)), (X(x, front), Y(y, front))) for x in np.arange(-200, wide + 200, step)]
            ends += [((X(-300, z), Y(y, z)), (X(wide + 300, z), Y(y, z))) for z in np.arange(-2, front, -step)]
            for a, b in ends:
                cv2.line(cv.im, *[tuple(int(v) for v in np.clip(p, -9000, 9000)) for p in (a, b)], shade, 1, cv2.LINE_AA)
    before(shop, rng, cv, view, rows, wide, tall, fixture, bright)
    im, ids = view.shoot(cv)
    im = weather(shop, rng, im, fixture)
    return Scene(im, *truth(view, ids, items, gaps, unsure))


def before(shop, rng, cv, view, rows, wide, tall, fixture, bright):
    """What stands between camera and shelf: signs, doors, people."""
    X, Y, scale = view.x, view.y, view.scale
    sprites = [p.views[0] for p in shop.goods[:30]]
    for _ in range(rng.integers(1, 7) if rng.random() < .45 else 0):
        w = rng.uniform(6, 28)
        h = w * rng.uniform(.3, 1.4)
        row = rows[rng.integers(len(rows))]
        art = shop.labels.sign(rng, max(40, int(w * 8)), max(24, int(h * 8)), sprites)
        if rng.random() < .25:  # round wobbler
            mask = np.zeros(art.shape[:2], 'u1')
            cv2.ellipse(mask, (art.shape[1] // 2, art.shape[0] // 2), (art.shape[1] // 2, art.shape[0] // 2), 0, 0, 360, 255, -1)
            art = np.dstack([art, mask])
        y = row['y'] + (rng.uniform(-3, 2) if rng.random() < .6 else rng.uniform(-.3, .9) * row['h'])
        cv.paste(art, X(rng.uniform(-5, wide), -3), Y(y, -3) - (0 if rng.random() < .6 else h * scale(-3)), w * scale(-3), h * scale(-3), bright, rng.normal(0, .04))
    if rng.random() < .25:  # header above, banner along a rail
        w, h = wide * rng.uniform(.3, 1), rng.uniform(8, 30)
        art = shop.labels.sign(rng, max(60, int(w * 5)), max(30, int(h * 5)), sprites)
        cv.paste(art, X(rng.uniform(0, wide - w), -2), Y(tall + h + rng.uniform(-4, 6), -2), w * scale(-2), h * scale(-2), bright)
    if fixture == 'fridge':
        frame = np.array([(30, 30, 32), (190, 190, 192), (235, 235, 235), (90, 92, 96)][rng.integers(4)], 'f4')
        door, x = rng.uniform(60, 90), rng.uniform(-20, 10)
        open_ = rng.random() < .35
        while x < wide + 20 and not open_:
            bar = rng.uniform(2.5, 7)
            cv.polygon([(X(x, -8), Y(tall + 20, -8)), (X(x + bar, -8), Y(tall + 20, -8)), (X(x + bar, -8), Y(-20, -8)), (X(x, -8), Y(-20, -8))], frame)
            if rng.random() < .7:
                hx, hy = x + bar * 1.3, rng.uniform(.3, .5) * tall
                cv.polygon([(X(hx, -12), Y(hy + 25, -12)), (X(hx + 2, -12), Y(hy + 25, -12)), (X(hx + 2, -12), Y(hy, -12)), (X(hx, -12), Y(hy, -12))], frame * .6 + 60)
            x += door
        if not open_:
            im = shop.backgrounds[rng.integers(len(shop.backgrounds))]
            mirror = cv2.GaussianBlur(cv2.resize(im, (cv.w // 4 + 1, cv.h // 4 + 1)), (0, 0), rng.uniform(.5, 6))
            cv.im += cv2.resize(mirror, (cv.w, cv.h)).astype('f4') * rng.uniform(.03, .22)
    if rng.random() < .1:  # a hand or an arm
        skin = np.array([(236, 190, 160), (200, 150, 115), (130, 90, 65), (90, 60, 45)][rng.integers(4)], 'f4') * rng.uniform(.7, 1)
        x, y = rng.uniform(0, cv.w), rng.uniform(0, cv.h)
        r = rng.uniform(3, 6) * scale(-20)
        side = rng.choice([-1, 1])
        cv.polygon([(x, y - r * .6), (x + side * cv.w, y - r + rng.uniform(0, cv.h)), (x + side * cv.w, y + 3 * r + rng.uniform(0, cv.h)), (x, y + r * .6)], skin if rng.random() < .5 else np.array(colour(rng)))
        cv.polygon([(x + r * math.cos(t) * rng.uniform(.9, 1.3), y + r * math.sin(t)) for t in np.linspace(0, 6.2, 14)], skin)
        for k in range(4):
            a = rng.uniform(-.5, .5) + (math.pi if side > 0 else 0)
            fx, fy, fr = x + 1.5 * r * math.cos(a), y + r * (k - 1.5) * .45, r * .24
            cv.polygon([(x, fy - fr), (fx, fy - fr), (fx, fy + fr), (x, fy + fr)], skin * rng.uniform(.85, 1.05))
    if rng.random() < .07:  # a passer-by
        im = shop.labels.cloth[rng.integers(len(shop.labels.cloth))]
        mask = np.zeros(im.shape[:2], 'u1')
        cv2.ellipse(mask, (im.shape[1] // 2, im.shape[0] // 2), (im.shape[1] // 2 - 2, im.shape[0] // 2 - 2), 0, 0, 360, 255, -1)
        w = rng.uniform(40, 60) * scale(-view.distance * .3)
        cv.paste(np.dstack([im, mask]), rng.uniform(-.3 * w, cv.w), rng.uniform(.2, .7) * cv.h, w, w * 2.2, bright * .9)


def weather(shop, rng, im, fixture):
    """Light of the shop and glare, on the finished picture."""
    h, w = im.shape[:2]
    im = im * np.clip(cv2.resize((1 + rng.uniform(.04, .25) * rng.normal(size=(3, 3))).astype('f4'), (w, h), interpolation=cv2.INTER_CUBIC), .4, 1.4)[..., None]
    if rng.random() < .4:
        y, x = np.mgrid[0:h, 0:w].astype('f4')
        im = im * (1 - rng.uniform(.1, .5) * ((x - w / 2) ** 2 + (y - h / 2) ** 2) / (w * w / 4 + h * h / 4))[..., None]
    for _ in range(rng.choice([0, 0, 1, 2, 6])):
        g = np.zeros((h // 8, w // 8), 'f4')
        cv2.ellipse(g, (int(rng.integers(w // 8)), int(rng.integers(h // 8))), (int(rng.integers(1, 2 + w // 80)), int(rng.integers(1, 2 + h // 50))), rng.uniform(-30, 30), 0, 360, 1.0, -1)
        im = im + cv2.resize(cv2.GaussianBlur(g, (0, 0), rng.uniform(.8, 5)), (w, h))[..., None] * rng.uniform(30, 190)
    grey = im.mean(2, keepdims=True)
    im = grey + (im - grey) * rng.uniform(.55, 1.05)  # print under shop light is duller than drawn colours
    im = im * np.array([rng.uniform(.86, 1.12), 1, rng.uniform(.8, 1.14)], 'f4') * rng.uniform(.85, 1.35)
    if rng.random() < .1:
        im = im * rng.uniform(.25, .6)  # a dark shop
    if rng.random() < .08:
        im = im * .7 + rng.uniform(30, 80)  # haze, a dirty lens
    return np.clip(im, 0, 255).astype('u1')


def truth(view, ids, items, gaps, unsure):
    boxes, columns, ignore, empty, places, doubts = [], [], [], [], [], []
    frame = np.array([view.w, view.h, view.w, view.h], float)
    inside = lambda b: np.clip(b, 0, frame)
    area = lambda b: max(0, b[2] - b[0]) * max(0, b[3] - b[1])
    outlines = [np.concatenate([it['o'], np.stack([it['o'][:, 0], np.clip(it['o'][:, 1], it['high'], it['low'])], 1)]) for it in items.values()]
    corners = view.seen(np.concatenate(outlines)).reshape(-1, 2, 4, 2) if outlines else ()
    for (n, it), (whole, p) in zip(items.items(), corners):
        full, b = np.r_[whole.min(0), whole.max(0)], np.r_[p.min(0), p.max(0)]
        x0, y0, x1, y1 = [int(v) for v in inside(np.r_[full[:2] - 30, full[2:] + 30])]
        if x1 <= x0 or y1 <= y0 or area(full) < 20:
            continue
        ys, xs = np.nonzero(ids[y0:y1, x0:x1] == n)
        share = len(ys) / max(1, area(full) * it['share'])
        if share < .12:
            continue
        few = len(ys) // 100  # stray pixels at both ends
        xs.sort()
        seen = np.array([x0 + xs[few], y0 + ys[few], x0 + xs[-1 - few] + 1, y0 + ys[-1 - few] + 1])
        b = inside(np.r_[np.minimum(b[:2], seen[:2]), np.maximum(b[2:], seen[2:])])
        if not it['front']:
            if share > .4:
                ignore.append(seen)
        elif share < LEAST or min(b[2] - b[0], b[3] - b[1]) < 7:
            ignore.append(b)
        else:
            boxes.append(b)
            columns.append(it['place'])
    for x, p, y, high, place in gaps:
        q = view.seen([(view.x(x + u * p.w), view.y(y + v * high)) for u in (0, 1) for v in (0, 1)])
        full = np.r_[q.min(0), q.max(0)]
        b = inside(full)
        if area(b) >= .5 * area(full):
            empty.append(b)
            places.append(dict(place, package=p))
        else:
            doubts.append(b)
    for a, b, y, top in unsure:
        q = view.seen([(view.x(u), view.y(v)) for u in (a, b) for v in (y, top)])
        doubts.append(inside(np.r_[q.min(0), q.max(0)]))
    return boxes, columns, empty, places, ignore, [b for b in doubts if area(b) > 0]
