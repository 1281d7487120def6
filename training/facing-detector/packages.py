"""Packages as sprites: what a camera sees of each from the front, in light from above.

A package is its size in cm, a few RGBA views (another turn, another crease) and what is needed to draw its side and top.
"""
import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from labels import colour

HIGH = 320  # px of a sprite


@dataclass
class Package:
    kind: str
    w: float  # cm, across the front
    h: float
    d: float
    views: list  # uint8 [h, w, 4] RGBA
    top: tuple = (200.0, 200.0, 200.0)  # colour of what is seen from above
    side: np.ndarray = None  # uint8 RGB of the side face, boxes only
    lid: float = 0.0  # half width of a round top, as a share of w; 0 when it is not round
    stack: int = 1  # how high it may be stacked
    hangs: bool = False
    grows: list = field(default_factory=list)


def smooth(rng, h, w, n, strength):
    return cv2.resize(rng.uniform(-strength, strength, (n, n)).astype('f4'), (w, h), interpolation=cv2.INTER_CUBIC)


def profile(*points):
    """Half width along the height, both 0..1, through the points (y, half width)."""
    y, v = zip(*points)
    return np.interp((np.arange(HIGH) + .5) / HIGH, y, v).astype('f4')


def round_view(art, half, turn, rng, gloss):
    """Wrap art [HIGH, 2 w, 3] around a body with half width `half` (0..1 of w / 2) -> float RGB [HIGH, w, 3], alpha, angle."""
    w = art.shape[1] // 2
    x = (np.arange(w) + .5 - w / 2)[None] / np.maximum(half * w / 2, 1)[:, None]
    angle = np.arcsin(np.clip(x, -1, 1))
    u = ((angle / math.pi * w + w / 2 + turn * 2 * w) % (2 * w - 1)).astype('f4')
    v = np.broadcast_to(np.arange(HIGH, dtype='f4')[:, None], u.shape)
    im = cv2.remap(art, u, np.ascontiguousarray(v), cv2.INTER_LINEAR).astype('f4')
    shade = rng.uniform(.35, .6)
    light = rng.uniform(-.5, .5)
    im *= (shade + (1 - shade) * np.clip(np.cos(angle - light), 0, 1) ** rng.uniform(.6, 1.2))[..., None]
    for _ in range(rng.integers(0, 4)):
        im += (rng.uniform(10, 90) * gloss * np.exp(-((np.sin(angle) - rng.uniform(-.8, .8)) / rng.uniform(.03, .12)) ** 2))[..., None]
    edge = np.clip(half[:, None] * w / 2 - np.abs(np.arange(w) + .5 - w / 2)[None] + .5, 0, 1)
    return im, edge, angle


def rgba(im, alpha):
    return np.dstack([np.clip(im, 0, 255), np.clip(alpha * 255, 0, 255)]).astype('u1')


LIQUIDS = [(28, 14, 10), (45, 22, 14), (205, 218, 224), (228, 236, 238), (226, 122, 22), (240, 190, 40), (40, 140, 60), (190, 200, 90), (122, 62, 25),
           (170, 30, 40), (245, 240, 228), (60, 110, 190), (20, 60, 40), (90, 50, 20)]


def bottle(labels, rng, kind):
    """PET, glass, household: body of one colour or see-through, cap, a label somewhere on it."""
    turns = 3
    glass = kind in ('wine', 'beer')
    if kind == 'large':
        h = rng.uniform(27, 36)
        w = h * rng.uniform(.25, .36)
    elif kind == 'small':
        h = rng.uniform(15, 25)
        w = h * rng.uniform(.24, .4)
    elif kind == 'wine':
        h, w = rng.uniform(28, 34), rng.uniform(7, 9)
    elif kind == 'beer':
        h, w = rng.uniform(18, 27), rng.uniform(5.5, 7)
    else:  # household: shampoo, detergent, sauce
        h = rng.uniform(14, 30)
        w = h * rng.uniform(.25, .6)
    neck, cap_y = rng.uniform(.22, .42), rng.uniform(.04, .1)
    shoulder = rng.uniform(.12, .42)
    if glass:
        neck, shoulder, cap_y = rng.uniform(.3, .4), rng.uniform(.28, .45), rng.uniform(.03, .2)
    if kind == 'household':
        neck, shoulder, cap_y = rng.uniform(.2, .7), rng.uniform(.12, .35), rng.uniform(.06, .22)
    waist = rng.uniform(.82, 1) if rng.random() < .5 else 1
    half = profile((0, neck), (cap_y, neck), (cap_y + .002, neck * rng.uniform(.8, 1)), (min(cap_y + .05, shoulder - .03), neck * .92), (shoulder * .75 + .25 * cap_y, neck + .5 * (1 - neck)),
                   (shoulder, .96), (shoulder + .1, 1), (.58, waist), (.8, 1), (.96, .98), (1, rng.uniform(.8, .97)))
    width = max(20, int(HIGH * w / h))
    liquid = np.array(LIQUIDS[rng.integers(len(LIQUIDS))] if rng.random() < .72 else colour(rng), 'f4')
    if glass:
        liquid = np.array([(18, 30, 18), (30, 22, 14), (14, 14, 16), (60, 36, 16), (70, 100, 60), (190, 190, 160)][rng.integers(6)], 'f4')
    if kind == 'large' or kind == 'small':
        y0 = rng.uniform(shoulder * .9, shoulder + .22)
        y1 = min(.95, y0 + rng.uniform(.12, .5))
    else:
        y0 = rng.uniform(shoulder, shoulder + .15)
        y1 = min(.97, y0 + rng.uniform(.25, .55))
    if rng.random() < .15:
        y0, y1 = shoulder * .8, .98  # sleeve
    a, b = int(y0 * HIGH), max(int(y0 * HIGH) + 12, int(y1 * HIGH))
    art = np.zeros((HIGH, 2 * width, 3), 'u1')
    one = labels.art(rng, width * rng.uniform(.8, 1), b - a)
    back = labels.plain(rng, 2 * width - one.shape[1], b - a) if rng.random() < .6 else labels.art(rng, 2 * width - one.shape[1], b - a)
    rim = (2 * width - one.shape[1] - width) // 2
    strip = np.concatenate([back[:, :max(0, width // 2 - one.shape[1] // 2)], one, back[:, max(0, width // 2 - one.shape[1] // 2):]], 1)[:, :2 * width]
    art[a:a + strip.shape[0], :strip.shape[1]] = strip[:HIGH - a]
    whole = rng.random() < .75  # the label goes all round; else it is a sticker
    see, fill = liquid.min() > 150 and rng.random() < .7, rng.uniform(.06, .25) if rng.random() < .6 else 0
    ribs, often, lobes = (rng.uniform(.02, .3) if not glass else 0), rng.uniform(18, 100), rng.uniform(0, 6)
    foot = rng.random() < .5 and not glass
    cap = np.array(colour(rng) if rng.random() < .6 else [(245, 245, 245), (20, 20, 22), (200, 30, 30), (30, 60, 170)][rng.integers(4)], 'f4')
    rows = ((np.arange(HIGH) + .5) / HIGH)[:, None, None]
    views = []
    for turn in [0, *rng.uniform(-.12, .12, turns - 2), rng.uniform(.2, .8)]:
        im, edge, angle = round_view(art, half, turn, rng, 1 if glass else .8)
        body = liquid * (1 + ribs * np.sin(rows * often)) * (1 + .2 * np.sin(angle * 3 + lobes))[..., None]
        body = body * (.55 + .45 * np.cos(angle))[..., None]
        if glass:
            for x in (-.55, .6):
                body = body + (rng.uniform(20, 110) * np.exp(-((np.sin(angle) - x) / .07) ** 2))[..., None]
        if foot:
            body = np.where(rows > .9, body * (.75 + .45 * np.cos(angle * 5))[..., None], body)
        if fill:
            body = np.where(rows < fill, .4 * body + 90, body)
        printed = (rows > y0) & (rows < y1)
        if not whole:
            printed = printed & (np.abs(((angle / math.pi + .5 + turn * 2) % 2) - .5) < .42)[..., None]
        im = np.where(printed, im, body)
        im = np.where(rows < cap_y, cap * (.6 + .4 * np.cos(angle))[..., None] * (1 - .12 * (np.sin(np.arange(width) * 1.3)[None, :, None] > 0)), im)
        alpha = edge
        if see:
            solid = printed[..., 0] | (rows[..., 0] < cap_y)
            alpha = np.where(solid, edge, edge * (.4 + .5 * np.abs(np.sin(angle)) ** 3))
        views.append(rgba(im, alpha))
    if kind == 'household' and rng.random() < .35:  # pump or trigger
        for v in views:
            cv2.rectangle(v, (int(width * .12), 2), (int(width * .55), int(HIGH * .035)), (*[int(c) for c in cap], 255), -1)
    return Package(f'bottle-{kind}', w, h, w, views, tuple(float(c) for c in cap), lid=neck / 2)


def can(labels, rng):
    w = rng.uniform(5.2, 10) if rng.random() < .3 else rng.uniform(5.2, 7)
    h = w * rng.uniform(.6, 1.3) if rng.random() < .3 else w * rng.uniform(1.5, 2.9)
    width = max(20, int(HIGH * w / h))
    drink = h > 1.4 * w
    half = profile((0, .84), (.06, 1), (.95, 1), (1, .86)) if drink else profile((0, 1), (.03, 1), (.035, .97), (.965, .97), (.97, 1), (1, 1))
    art = np.concatenate([labels.art(rng, width, HIGH), labels.art(rng, width, HIGH)], 1)
    if rng.random() < .5:
        art[:, width:] = art[:, :width]
    rows, views = ((np.arange(HIGH) + .5) / HIGH)[:, None, None], []
    for turn in (0, rng.uniform(-.15, .15), rng.uniform(.2, .8)):
        im, edge, angle = round_view(art, half, turn, rng, 1)
        im = np.where((rows < .035) | (rows > .97), (190 * (.5 + .5 * np.cos(angle * 2)))[..., None], im)
        views.append(rgba(im, edge))
    return Package('can', w, h, w, views, (190.0, 190.0, 195.0), lid=.43 if drink else .48, stack=3)


def tub(labels, rng):
    """Yoghurt cup, ice cream, butter tub, jar, tube on its cap."""
    kind = rng.choice(['cup', 'cup', 'jar', 'jar', 'tube', 'canister'])
    if kind == 'cup':
        w = rng.uniform(6, 14)
        h = w * rng.uniform(.55, 1.3)
        half = profile((0, 1), (.07, 1), (.075, .95), (1, rng.uniform(.68, .9)))
        lid_y = rng.uniform(.03, .1)
    elif kind == 'jar':
        w = rng.uniform(5.5, 11)
        h = w * rng.uniform(1, 2)
        n = rng.uniform(.72, .95)
        half = profile((0, n), (.16, n), (.162, n * .95), (.26, 1), (.95, 1), (1, .92))
        lid_y = .16
    elif kind == 'tube':
        w = rng.uniform(4, 8)
        h = w * rng.uniform(2, 4)
        half = profile((0, 1), (.1, 1), (.82, .85), (.83, rng.uniform(.5, .8)), (1, rng.uniform(.5, .8)))
        lid_y = 0
    else:
        w = rng.uniform(7, 14)
        h = w * rng.uniform(1.1, 2.2)
        half = profile((0, 1), (.1, 1), (.101, .97), (1, .97))
        lid_y = rng.uniform(.04, .16)
    width = max(20, int(HIGH * w / h))
    art = np.concatenate([labels.art(rng, width, HIGH), labels.art(rng, width, HIGH)], 1)
    lid, glass = np.array(colour(rng), 'f4'), kind == 'jar' and rng.random() < .7
    body, y0, y1 = np.array(LIQUIDS[rng.integers(len(LIQUIDS))], 'f4'), rng.uniform(.28, .4), rng.uniform(.75, .95)
    rows, views = ((np.arange(HIGH) + .5) / HIGH)[:, None, None], []
    for turn in (0, rng.uniform(-.1, .1), rng.uniform(.2, .8)):
        im, edge, angle = round_view(art, half, turn, rng, .8)
        if glass:
            im = np.where((rows > y0) & (rows < y1), im, body * (.5 + .5 * np.cos(angle))[..., None] + 40 * np.exp(-((np.sin(angle) + .5) / .1) ** 2)[..., None])
        im = np.where(rows < lid_y, lid * (.55 + .45 * np.cos(angle))[..., None], im)
        if kind == 'tube':
            im = np.where(rows > .83, lid * (.55 + .45 * np.cos(angle))[..., None], im)
        views.append(rgba(im, edge))
    return Package(kind, w, h, w, views, tuple(float(c) for c in lid), lid=.48 if kind != 'tube' else 0, stack=3 if kind in ('cup', 'jar') else 1)


def box(labels, rng):
    shape = rng.choice(['any', 'tall', 'flat', 'small', 'brick', 'gable', 'wide'])
    w, h, d = {'any': lambda: (rng.uniform(7, 22), rng.uniform(9, 28), rng.uniform(4, 12)), 'tall': lambda: (rng.uniform(15, 24), rng.uniform(24, 34), rng.uniform(5, 9)),
               'flat': lambda: (rng.uniform(12, 30), rng.uniform(3, 8), rng.uniform(8, 18)), 'small': lambda: (rng.uniform(4, 9), rng.uniform(4, 12), rng.uniform(3, 7)),
               'brick': lambda: (rng.uniform(6, 10), rng.uniform(15, 25), rng.uniform(6, 9)), 'gable': lambda: (rng.uniform(7, 10), rng.uniform(18, 26), 7),
               'wide': lambda: (rng.uniform(20, 40), rng.uniform(8, 18), rng.uniform(8, 20))}[shape]()
    width = max(20, int(HIGH * w / h))
    art = labels.art(rng, width, HIGH).astype('f4')
    ground = np.median(art.reshape(-1, 3), 0)
    y, x = np.mgrid[0:HIGH, 0:width].astype('f4') / np.array([HIGH, width], 'f4')[:, None, None]
    alpha, views = np.ones((HIGH, width), 'f4'), []
    for _ in range(2):
        im = art * (1 + rng.uniform(-.1, .1) * (x - .5) + rng.uniform(-.05, .15) * (.5 - y))[..., None]
        if shape == 'gable':
            roof = rng.uniform(.12, .2)
            im = np.where((y < roof)[..., None], im * (.72 + .25 * y / roof)[..., None], im)
            im = np.where((y < .05)[..., None], im * .9 + 18, im)
            half = profile((0, .95), (.05, .95), (.06, .9), (roof, 1), (1, 1))
            alpha = np.clip(half[:, None] * width / 2 - np.abs(np.arange(width) + .5 - width / 2)[None] + .5, 0, 1)
        if shape in ('gable', 'brick') and rng.random() < .5:
            cv2.circle(im, (int(width * rng.uniform(.4, .6)), int(HIGH * .08)), max(2, int(width * .14)), tuple(float(v) for v in colour(rng)), -1, cv2.LINE_AA)
        if rng.random() < .5:
            cv2.rectangle(im, (0, 0), (width - 1, HIGH - 1), tuple(float(v) for v in ground * rng.uniform(.4, .8)), 1)
        if rng.random() < .12:  # a window in the carton
            cv2.ellipse(im, (width // 2, int(HIGH * .68)), (int(width * .3), int(HIGH * .15)), 0, 0, 360, tuple(float(v) for v in colour(rng)), -1, cv2.LINE_AA)
        views.append(rgba(im, alpha))
    side = labels.art(rng, max(12, HIGH * d / h), HIGH) if rng.random() < .5 else labels.plain(rng, max(12, int(HIGH * d / h)), HIGH)
    return Package(f'box-{shape}', w, h, d, views, tuple(float(v) for v in np.minimum(ground * 1.08, 255)), side=side, stack=1 if h > 20 else 5 if h < 9 else 3)


def bag(labels, rng, hangs=False):
    """Pillow bag, stand-up pouch, paper sack."""
    kind = rng.choice(['pillow', 'pillow', 'pouch', 'sack'])
    h = rng.uniform(13, 36) if kind == 'pillow' else rng.uniform(12, 30)
    w = h * rng.uniform(.5, .95) if kind != 'sack' else h * rng.uniform(.45, .7)
    if hangs:
        h = rng.uniform(10, 24)
        w = h * rng.uniform(.45, .9)
    width = max(20, int(HIGH * w / h))
    art = labels.art(rng, width, HIGH).astype('f4')
    y, x = np.mgrid[0:HIGH, 0:width].astype('f4') / np.array([HIGH, width], 'f4')[:, None, None]
    seam, views = rng.uniform(.025, .07), []
    crimp = rng.random() < .7
    for _ in range(3):
        narrow = rng.uniform(.01, .07)
        if kind == 'pillow':
            half = profile((0, .97), (seam, .97), (seam + .07, 1 - narrow), (.5, 1 - rng.uniform(0, narrow)), (.92, 1 - narrow), (1 - seam, .97), (1, .97))
        elif kind == 'pouch':
            half = profile((0, 1), (.1, 1), (.5, rng.uniform(.93, 1)), (.88, 1), (.97, .96), (1, .84))
        else:
            half = profile((0, rng.uniform(.6, .95)), (.1, rng.uniform(.8, .97)), (.25, 1), (.9, 1), (1, .96))
        half = half + smooth(rng, HIGH, 1, 9, .016)[:, 0]
        alpha = np.clip(half[:, None] * width / 2 - np.abs(np.arange(width) + .5 - width / 2)[None] + .5, 0, 1)
        shade = 1 + smooth(rng, HIGH, width, 4, .25) + smooth(rng, HIGH, width, 10, .13)
        shade *= .6 + .4 * np.clip(np.minimum(x, 1 - x) / .18, 0, 1) ** .7
        for _ in range(rng.integers(2, 9)):
            x0, y0, a, long = rng.uniform(0, 1), rng.choice([rng.uniform(0, .25), rng.uniform(.75, 1), rng.uniform(0, 1)]), rng.uniform(-.8, .8), rng.uniform(.04, .22)
            off = (x - x0) * math.cos(a) + (y - y0) * math.sin(a) * .6
            shade += rng.uniform(-.28, .32) * np.exp(-(off / .014) ** 2) * np.exp(-((y - y0) / long) ** 2)
        if kind == 'pillow' and crimp:
            shade = np.where((y < seam) | (y > 1 - seam), .85 + .15 * np.sin(y * HIGH * 1.6), shade)
        im = art * shade[..., None] + rng.uniform(20, 90) * np.clip(smooth(rng, HIGH, width, 5, 1) - .45, 0, 1)[..., None]
        if kind == 'pillow' and rng.random() < .2:
            im = cv2.GaussianBlur(im, (0, 0), .7) * .9 + 22  # clear film
        if hangs:
            cv2.ellipse(im, (width // 2, int(HIGH * .045)), (max(2, int(width * .07)), 4), 0, 0, 360, (40.0, 40.0, 40.0), -1)
        views.append(rgba(im, alpha))
    return Package('hanging-bag' if hangs else f'bag-{kind}', w, h, rng.uniform(3, 9), views, tuple(float(v) for v in np.median(art.reshape(-1, 3), 0)), hangs=hangs)


def blister(labels, rng):
    """A card with a thing under a bubble, on a hook."""
    h = rng.uniform(10, 26)
    w = h * rng.uniform(.35, .9)
    width = max(20, int(HIGH * w / h))
    card = labels.art(rng, width, HIGH).astype('f4')
    x0, x1, y0 = int(width * rng.uniform(.08, .3)), int(width * rng.uniform(.7, .92)), int(HIGH * rng.uniform(.3, .5))
    y1 = int(HIGH * rng.uniform(.75, .95))
    thing = labels.photo(rng, x1 - x0, y1 - y0).astype('f4') if rng.random() < .6 else np.full((y1 - y0, x1 - x0, 3), colour(rng), 'f4')
    mask = np.zeros((y1 - y0, x1 - x0, 1), 'f4')
    cv2.ellipse(mask, ((x1 - x0) // 2, (y1 - y0) // 2), ((x1 - x0) * 2 // 5, (y1 - y0) * 2 // 5), 0, 0, 360, 1.0, -1)
    part = card[y0:y1, x0:x1]
    part[:] = part * (1 - mask) + thing * mask
    part += 25 + 60 * np.clip(smooth(rng, y1 - y0, x1 - x0, 5, 1) - .4, 0, 1)[..., None]
    cv2.ellipse(card, (width // 2, int(HIGH * .05)), (max(2, int(width * .08)), 5), 0, 0, 360, (60.0, 60.0, 60.0), -1)
    view = rgba(card, np.ones((HIGH, width), 'f4'))
    return Package('blister', w, h, rng.uniform(1.5, 4), [view], hangs=True)


def shrink_pack(labels, rng):
    """Several cans or bottles in film or on a tray: one facing."""
    inner = bottle(labels, rng, 'large' if rng.random() < .6 else 'small') if rng.random() < .65 else can(labels, rng)
    n, high = int(rng.integers(2, 5)), 1
    w, h = inner.w * n * .98, inner.h
    if inner.kind == 'can' and rng.random() < .4:
        high, h = 2, inner.h * 1.95
    width = int(HIGH * w / h)
    im = np.zeros((HIGH, width, 3), 'f4')
    im[:] = np.array(inner.top) * .35
    alpha = np.zeros((HIGH, width), 'f4')
    cw, ch = width / n, HIGH / high
    for j in range(high):
        for i in range(n):
            v = inner.views[rng.integers(len(inner.views))]
            t = cv2.resize(v, (max(4, round(cw)), max(4, round(ch))), interpolation=cv2.INTER_AREA).astype('f4')
            x, y = min(round(i * cw), width - t.shape[1]), min(round(j * ch), HIGH - t.shape[0])
            a = t[..., 3:] / 255
            roi = im[y:y + t.shape[0], x:x + t.shape[1]]
            roi[:] = roi * (1 - a) + t[..., :3] * a
            alpha[y:y + t.shape[0], x:x + t.shape[1]] = np.maximum(alpha[y:y + t.shape[0], x:x + t.shape[1]], a[..., 0])
    rows = (np.arange(HIGH) + .5) / HIGH
    dress = rng.choice(['film', 'film', 'printed', 'tray'])
    if dress == 'tray':
        y = int(HIGH * rng.uniform(.6, .85))
        im[y:] = labels.art(rng, width, HIGH - y) if rng.random() < .5 else np.array([(176, 138, 96), (200, 165, 120), (235, 235, 235)][rng.integers(3)], 'f4')
        alpha[y:] = 1
    haze = rng.uniform(.05, .25)
    im = im * (1 - haze) + 235 * haze
    im += rng.uniform(40, 120) * np.clip(smooth(rng, HIGH, width, int(rng.integers(5, 14)), 1.3) - .5, 0, 1)[..., None]
    if dress == 'printed':
        y = int(HIGH * rng.uniform(.3, .5))
        hh = int(HIGH * rng.uniform(.25, .45))
        band = labels.art(rng, width, hh).astype('f4')
        keep = rng.uniform(.75, 1)
        im[y:y + hh] = im[y:y + hh] * (1 - keep) + band[:HIGH - y] * keep
    alpha = np.maximum(alpha, (rows[:, None] > rng.uniform(.05, .3)) * 1.0)
    return Package('shrink-pack', w, h, inner.d * 2, [rgba(im, alpha)], tuple(float(v) for v in np.minimum(np.array(inner.top) * .7 + 60, 255)), stack=3)


def carton_pack(labels, rng):
    """Printed carton of cans or bottles, often with a picture of them; toilet paper, nappies."""
    w, h, d = rng.uniform(16, 40), rng.uniform(11, 30), rng.uniform(12, 25)
    width = int(HIGH * w / h)
    im = labels.art(rng, width, HIGH).copy()
    if rng.random() < .5:
        inner = can(labels, rng) if rng.random() < .5 else bottle(labels, rng, 'beer')
        s = HIGH * rng.uniform(.5, .85)
        t = cv2.resize(inner.views[0], (max(6, int(s * inner.w / inner.h)), int(s)), interpolation=cv2.INTER_AREA)
        for _ in range(rng.integers(1, 4)):
            if t.shape[1] < width:
                x, y = int(rng.uniform(0, width - t.shape[1])), int(HIGH - t.shape[0] - rng.uniform(0, .1) * HIGH)
                a = t[..., 3:] / 255
                im[y:y + t.shape[0], x:x + t.shape[1]] = im[y:y + t.shape[0], x:x + t.shape[1]] * (1 - a) + t[..., :3] * a
    x = im.astype('f4') * (1 + smooth(rng, HIGH, width, 4, .08))[..., None]
    half = profile((0, 1), (1, 1)) if rng.random() < .6 else profile((0, .93), (.08, 1), (.92, 1), (1, .94))
    alpha = np.clip(half[:, None] * width / 2 - np.abs(np.arange(width) + .5 - width / 2)[None] + .5, 0, 1)
    return Package('carton-pack', w, h, d, [rgba(x, alpha)], tuple(float(v) for v in np.median(im.reshape(-1, 3), 0)), side=labels.plain(rng, max(12, int(HIGH * d / h)), HIGH), stack=3)


MAKERS = {
    'bottle-large': (4, lambda la, r: bottle(la, r, 'large')), 'bottle-small': (3, lambda la, r: bottle(la, r, 'small')),
    'bottle-wine': (1.2, lambda la, r: bottle(la, r, 'wine')), 'bottle-beer': (1.2, lambda la, r: bottle(la, r, 'beer')),
    'bottle-household': (2.5, lambda la, r: bottle(la, r, 'household')), 'can': (3.5, can), 'tub': (4, tub), 'box': (6, box), 'bag': (4.5, bag),
    'shrink-pack': (1.2, shrink_pack), 'carton-pack': (1.2, carton_pack), 'hanging-bag': (1, lambda la, r: bag(la, r, True)), 'blister': (1.2, blister)}


def make(labels, rng, kind=None):
    """One package of `kind`, or of any."""
    names = list(MAKERS)
    if kind is None:
        p = np.array([MAKERS[n][0] for n in names])
        kind = names[rng.choice(len(names), p=p / p.sum())]
    return MAKERS[kind][1](labels, rng)
