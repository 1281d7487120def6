"""Pictures without a shelf as scenes without boxes: `python3 none.py POOL.pkl FOLDER`.

Drawn: a single pack held before the camera, print that fills the picture, fronts of buildings. Photos:

CLOTHING: github.com/alexeygrigorev/clothing-dataset (CC0), contributors with even md5(sender_id). EVALUATION: the folder that
holds object_detection, of which every second photo (sorted) is used; the others measure false alarms.
"""
import csv
import glob
import hashlib
import os
import sys

import cv2
import numpy as np
from PIL import Image, ImageDraw

from labels import ink
from packs import colour, word
from scene import Shop

from samples import store


def pack(shop, rng, w, h):
    """One pack, large, before something blurred."""
    im = cv2.GaussianBlur(cv2.resize(shop.backgrounds[rng.integers(len(shop.backgrounds))], (w, h)), (0, 0), rng.uniform(1, 9))
    p = shop.goods[rng.integers(len(shop.goods))]
    v = p.views[0]
    high = h * rng.uniform(.6, 1.5)
    wide = min(high * p.w / p.h, w * 1.3)
    m = cv2.getRotationMatrix2D((v.shape[1] / 2, v.shape[0] / 2), rng.normal(0, 18), 1)
    m[:2] *= np.array([[wide / v.shape[1]], [high / v.shape[0]]])
    m[:, 2] += [(w - wide) / 2 + rng.normal(0, .08) * w, (h - high) / 2 + rng.normal(0, .08) * h]
    t = cv2.warpAffine(v, m, (w, h), flags=cv2.INTER_LINEAR)
    a = t[..., 3:] / 255
    return (im * (1 - a) + t[..., :3] * a).astype('u1')


def print_(shop, rng, w, h):
    """Lines of text, a table, bars, on a flat or printed ground."""
    base = colour(rng) if rng.random() < .6 else (240, 240, 238)
    im = Image.new('RGB', (w, h), base)
    d = ImageDraw.Draw(im)
    if rng.random() < .5:
        part = shop.labels.art(rng, w, h // 2)
        im.paste(Image.fromarray(part), (0, int(rng.uniform(0, h // 2))))
    fill, high, y, face = ink(rng, base), rng.uniform(.02, .14) * h, rng.uniform(0, .2) * h, shop.labels.latin[rng.integers(len(shop.labels.latin))]
    while y < h:
        y += high * rng.uniform(.9, 1.6)
        text = ' '.join(word(rng) for _ in range(rng.integers(1, 8)))
        shop.labels.write(d, rng, text, w * rng.uniform(.4, .6), y, w * rng.uniform(.5, 1.1), high, fill, face)
        if rng.random() < .1:
            x = 0
            while x < w * .6:
                b = rng.uniform(2, 14)
                d.rectangle((w * .2 + x, y + high, w * .2 + x + b, y + 3 * high), fill=fill)
                x += b * rng.uniform(1.5, 3)
            y += 3 * high
    out = np.asarray(im)
    turn = cv2.getRotationMatrix2D((w / 2, h / 2), rng.normal(0, 8), rng.uniform(.8, 1.5))
    return cv2.warpAffine(out, turn, (w, h), borderMode=cv2.BORDER_REFLECT)


def building(shop, rng, w, h):
    """Rows of windows."""
    im = np.empty((h, w, 3), 'u1')
    im[:] = colour(rng)
    cw, ch = int(rng.uniform(20, 120)), int(rng.uniform(20, 140))
    dark = np.array(colour(rng)) * rng.uniform(.2, .8)
    for y in range(int(rng.uniform(0, ch)), h, ch):
        for x in range(int(rng.uniform(0, cw)), w, cw):
            c = dark * rng.uniform(.7, 1.3)
            cv2.rectangle(im, (x, y), (int(x + cw * .6), int(y + ch * .65)), tuple(float(v) for v in np.clip(c, 0, 255)), -1)
    return cv2.warpAffine(im, np.array([[1, rng.normal(0, .1), 0], [rng.normal(0, .1), 1, 0]]), (w, h), borderMode=cv2.BORDER_REFLECT)


def main(pool, out, drawn=450, clothes=120):
    os.makedirs(out, exist_ok=True)
    rng = np.random.default_rng(5)
    shop = Shop(pool, rng, 120)
    for k in range(drawn):
        w, h = (1000, 750) if rng.random() < .5 else (750, 1000)
        draw = [pack, pack, print_, print_, building][rng.integers(5)]
        store(os.path.join(out, f'drawn-{k:04d}.pkl'), draw(shop, rng, w, h), [])
    files = sorted(glob.glob(os.path.join(os.environ['EVALUATION'], 'object_detection/images/*')))[::2] * 3
    with open(os.path.join(os.environ['CLOTHING'], 'images.csv')) as f:
        rows = [r['image'] for r in csv.DictReader(f) if not int(hashlib.md5(r['sender_id'].encode()).hexdigest(), 16) % 2]
    files += [os.path.join(os.environ['CLOTHING'], 'images', i + '.jpg') for i in rows[::max(1, len(rows) // clothes)]]
    for k, path in enumerate(files):
        im = cv2.imread(path, cv2.IMREAD_COLOR)
        if im is not None:
            s = min(1, 1024 / max(im.shape[:2]))
            store(os.path.join(out, f'{k:04d}.pkl'), cv2.resize(im, None, fx=s, fy=s, interpolation=cv2.INTER_AREA)[..., ::-1], [])


if __name__ == '__main__':
    main(*sys.argv[1:3])
