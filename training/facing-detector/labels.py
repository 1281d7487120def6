"""Printed art for packages, signs and tags, of any shape.

Made of the invented pack fronts and the photos that ../product-embedding/data.py collects (its pickle), of flat colour,
stripes, shapes and words. No real brand is written but for the CC0 logos on some of those fronts.
"""
import math
import os
import pickle
import sys

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'product-embedding'))
from packs import FLAVOURS, FLAVOURS_JA, KINDS, KINDS_JA, colour, fonts, word  # noqa: E402

SIGNS = '特価 新発売 SALE NEW お買得 半額 広告の品 おすすめ 2+1 OFFER PROMO -30% 増量 数量限定 PRICE'.split()


def ink(rng, ground):
    """A colour that reads on `ground`."""
    dark = .3 * ground[0] + .59 * ground[1] + .11 * ground[2] < 130
    if rng.random() < .6:
        return (250, 250, 248) if dark else (18, 18, 26)
    c = np.array(colour(rng))
    return tuple(int(v) for v in (200 + c * .2 if dark else c * .4))


class Labels:
    def __init__(self, pool, rng):
        with open(pool, 'rb') as f:
            p = pickle.load(f)
        self.fronts = [f for family in p['packs'] for f in family]
        self.photos = [im for _, im in p['grocery']]
        self.cloth = [im for _, im in p['clothing']]
        latin, cjk = fonts()
        latin = [f for f in latin if not ('/noto/' in f and not any(w in f for w in ('NotoSans-', 'NotoSerif-', 'NotoSansDisplay', 'NotoSerifDisplay')))]
        self.latin, self.cjk = [str(f) for f in rng.choice(latin, min(70, len(latin)), replace=False)], cjk
        self.faces = {}

    def face(self, path, size):
        key = (path, max(6, int(size) // 3 * 3))
        if key not in self.faces:
            if len(self.faces) > 900:
                self.faces.clear()
            self.faces[key] = ImageFont.truetype(*key)
        return self.faces[key]

    def write(self, draw, rng, text, x, y, w, h, fill, path=None):
        """Text centred at x, y, no wider than w, no higher than h."""
        path = path or (self.latin[rng.integers(len(self.latin))] if text.isascii() else self.cjk[rng.integers(len(self.cjk))])
        face = self.face(path, h)
        wide = face.getlength(text)
        if wide > w:
            face = self.face(path, h * w / wide)
        try:
            draw.text((x, y), text, font=face, fill=fill, anchor='mm')
        except OSError:
            pass  # some faces have faulty hints at some sizes

    def words(self, rng):
        if rng.random() < .4:
            return str(rng.choice(FLAVOURS_JA)) + (str(rng.choice(KINDS_JA)) if rng.random() < .5 else '')
        return ' '.join(str(v) for v in rng.choice(FLAVOURS + KINDS, rng.integers(1, 4)))

    def photo(self, rng, w, h):
        """A part of some photo, uint8 [h, w, 3]."""
        im = self.photos[rng.integers(len(self.photos))] if rng.random() < .85 else self.cloth[rng.integers(len(self.cloth))]
        s = rng.uniform(.4, 1)
        ch = max(6, int(min(im.shape[0], im.shape[1] * h / w) * s))
        cw = min(im.shape[1], max(6, int(ch * w / h)))
        y, x = rng.integers(0, im.shape[0] - ch + 1), rng.integers(0, im.shape[1] - cw + 1)
        return cv2.resize(im[y:y + ch, x:x + cw], (w, h), interpolation=cv2.INTER_AREA)

    def front(self, rng, w, h):
        """One of the invented fronts, cut to shape and given other colours."""
        im = self.fronts[rng.integers(len(self.fronts))]
        H, W = im.shape[:2]
        cw, ch = (W, int(W * h / w)) if W * h / w <= H else (int(H * w / h), H)
        if cw < .35 * W or ch < .35 * H:
            cw, ch = W, H  # too long a shape to cut: squeeze
        y, x = int((H - ch) * rng.uniform(0, .5)), (W - cw) // 2
        im = cv2.resize(im[y:y + max(4, ch), x:x + max(4, cw)], (w, h), interpolation=cv2.INTER_AREA if h < ch else cv2.INTER_LINEAR)
        if rng.random() < .6:
            hsv = cv2.cvtColor(im, cv2.COLOR_RGB2HSV)
            hsv[..., 0] = (hsv[..., 0].astype(int) + rng.integers(180)) % 180
            hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(.3, 1.2), 0, 255)
            im = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
        return im

    def drawn(self, rng, w, h):
        """Ground, shapes, pictures and words by chance."""
        base = colour(rng) if rng.random() < .75 else (int(rng.integers(225, 256)),) * 3
        im = Image.new('RGB', (w, h), base)
        d = ImageDraw.Draw(im)
        other = colour(rng)
        kind = rng.integers(8)
        if kind == 0:
            y = h * rng.uniform(.2, .8)
            d.rectangle((0, y, w, y + h * rng.uniform(.1, .6)), fill=other)
        elif kind == 1:
            s = max(3, int(rng.uniform(.04, .3) * w))
            for x in range(-h, w + h, 2 * s):
                lean = rng.choice([0, 0, .5, 1]) if x == -h else lean
                d.polygon([(x, 0), (x + s, 0), (x + s + lean * h, h), (x + lean * h, h)], fill=other)
        elif kind == 2:
            t = np.linspace(0, 1, h)[:, None, None]
            im = Image.fromarray(np.broadcast_to(np.array(base) * (1 - t) + np.array(other) * t, (h, w, 3)).astype('u1'))
        elif kind == 3:
            for _ in range(rng.integers(2, 14)):
                x, y, r = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(.04, .3) * min(w, h)
                d.ellipse((x - r, y - r, x + r, y + r), fill=other if rng.random() < .6 else colour(rng))
        elif kind == 4:
            a, p, y0 = rng.uniform(.02, .15) * h, rng.uniform(0, 6), h * rng.uniform(.25, .75)
            d.polygon([(x, y0 + a * math.sin(p + 6.28 * x / w)) for x in range(0, w + 1, 4)] + [(w, h), (0, h)], fill=other)
        elif kind == 5:
            y = int(h * rng.uniform(.15, .6))
            im.paste(Image.fromarray(self.photo(rng, w, max(4, h - y))), (0, y))
        elif kind == 6:
            x = int(w * rng.uniform(.2, .6))
            d.rectangle((x, 0, w, h), fill=other)
        d = ImageDraw.Draw(im)
        for _ in range(rng.choice([0, 0, 1, 1, 2])):
            pw, ph = int(w * rng.uniform(.25, .9)), int(h * rng.uniform(.12, .45))
            if min(pw, ph) > 8:
                mask = Image.new('L', (pw, ph), 0)
                (ImageDraw.Draw(mask).ellipse if rng.random() < .6 else ImageDraw.Draw(mask).rectangle)((0, 0, pw, ph), fill=255)
                art = self.photo(rng, pw, ph) if rng.random() < .7 else self.front(rng, pw, ph)
                im.paste(Image.fromarray(art), (int(rng.uniform(0, w - pw + 1)), int(rng.uniform(.25 * h, h - ph + 1))) if h - ph > .25 * h else (0, 0), mask)
        d = ImageDraw.Draw(im)
        y = h * rng.uniform(.1, .4)
        tall = h * rng.uniform(.06, .22)
        if rng.random() < .35:
            plate = colour(rng)
            (d.ellipse if rng.random() < .5 else d.rectangle)((w * .05, y - tall * .8, w * .95, y + tall * .8), fill=plate)
        else:
            plate = base
        brand = word(rng)
        self.write(d, rng, brand.upper() if rng.random() < .5 else brand.capitalize(), w / 2, y, w * rng.uniform(.5, .95), tall, ink(rng, plate))
        y += tall
        for _ in range(rng.integers(0, 6)):
            th = h * rng.uniform(.025, .08)
            y += th * rng.uniform(1, 3)
            if y > h * .97:
                break
            if rng.random() < .25:
                d.rectangle((w * .08, y - th * .7, w * .92, y + th * .7), fill=other)
            self.write(d, rng, self.words(rng), w * rng.uniform(.4, .6), y, w * rng.uniform(.4, .9), th, ink(rng, base))
        return np.asarray(im)

    def plain(self, rng, w, h):
        """Nearly unprinted: a colour, perhaps a small label."""
        c = colour(rng)
        im = Image.new('RGB', (w, h), c)
        d = ImageDraw.Draw(im)
        if rng.random() < .7:
            x, y, pw, ph = w * rng.uniform(.05, .3), h * rng.uniform(.1, .6), w * rng.uniform(.4, .7), h * rng.uniform(.1, .35)
            ground = (245, 245, 245) if rng.random() < .6 else colour(rng)
            d.rectangle((x, y, x + pw, y + ph), fill=ground)
            self.write(d, rng, self.words(rng), x + pw / 2, y + ph / 2, pw * .9, ph * .5, ink(rng, ground))
        return np.asarray(im)

    def zones(self, rng, w, h):
        """Two or three parts that have nothing in common, one above the other: one pack all the same."""
        cuts = sorted(rng.uniform(.2, .8, rng.choice([1, 1, 2])))
        edges = [0, *[int(c * h) for c in cuts], h]
        make = lambda high: [self.plain, self.photo, self.front, self.drawn, self.flat][rng.integers(5)](rng, w, high)
        return np.ascontiguousarray(np.concatenate([make(b - a) if b - a > 9 else self.flat(rng, w, b - a) for a, b in zip(edges, edges[1:])])[:h])

    def flat(self, rng, w, h):
        c = np.array(colour(rng) if rng.random() < .6 else (int(rng.integers(200, 256)),) * 3)
        return np.broadcast_to(c, (h, w, 3)).astype('u1')

    def art(self, rng, w, h):
        """-> uint8 [h, w, 3] RGB."""
        w, h = max(10, int(w)), max(10, int(h))
        u = rng.random()
        if h > 1.7 * w and u < .15:  # printed sideways
            return np.ascontiguousarray(np.rot90(self.art(rng, h, w), rng.choice([1, 3])))
        if u < .4:
            return self.zones(rng, w, h)
        if u < .66:
            return self.front(rng, w, h)
        if u < .92:
            return self.drawn(rng, w, h)
        return self.plain(rng, w, h) if u < .96 else self.photo(rng, w, h)

    def tag(self, rng):
        """A price tag, or an electronic one."""
        w, h = int(rng.integers(60, 150)), int(rng.integers(34, 66))
        c = (250, 250, 250) if rng.random() < .55 else [(255, 232, 60), (252, 190, 40), (230, 40, 40), (200, 206, 200), (30, 30, 34), colour(rng)][rng.integers(6)]
        im = Image.new('RGB', (w, h), c)
        d, t = ImageDraw.Draw(im), ink(rng, c)
        self.write(d, rng, self.words(rng), w * .5, h * .2, w * .85, h * .22, t)
        price = [f'¥{rng.integers(80, 999)}', f'{rng.integers(80, 999)}円', f'{rng.uniform(.5, 20):.2f}', f'{rng.integers(1, 30)},{rng.integers(100, 999)}', f'$ {rng.integers(1, 40)}.99'][rng.integers(5)]
        self.write(d, rng, price, w * rng.uniform(.4, .65), h * .6, w * .6, h * .5, (200, 10, 10) if rng.random() < .3 else t)
        if rng.random() < .5:
            x = w * .03
            while x < w * .45:
                b = int(rng.integers(1, 4))
                d.rectangle((x, h * .78, x + b - 1, h * .97), fill=(0, 0, 0))
                x += b + int(rng.integers(1, 4))
        return np.asarray(im)

    def sign(self, rng, w, h, pictures=()):
        """A promotion sign; now and then it shows a product."""
        c = [(255, 225, 10), (218, 20, 24), (250, 250, 250), (20, 90, 180), (245, 120, 20), (20, 130, 60), colour(rng)][rng.integers(7)]
        im = Image.new('RGB', (w, h), c)
        d = ImageDraw.Draw(im)
        if rng.random() < .3:
            d.rectangle((0, 0, w - 1, h - 1), outline=ink(rng, c), width=max(1, w // 30))
        if rng.random() < .25:
            p = Image.fromarray(self.photo(rng, max(8, int(w * rng.uniform(.3, 1))), max(8, int(h * rng.uniform(.3, 1)))))
            im.paste(p, (int(rng.uniform(0, w - p.width + 1)), int(rng.uniform(0, h - p.height + 1))))
        if len(pictures) and rng.random() < .3:
            p = pictures[rng.integers(len(pictures))]
            s = min(w * .5 / p.shape[1], h * .85 / p.shape[0])
            p = Image.fromarray(p).resize((max(4, int(p.shape[1] * s)), max(4, int(p.shape[0] * s))))
            im.paste(p.convert('RGB'), (int(rng.uniform(0, w - p.width)), int((h - p.height) / 2)), p.getchannel('A'))
        self.write(d, rng, str(rng.choice(SIGNS)) if rng.random() < .6 else word(rng).upper(), w * rng.uniform(.4, .6), h * rng.uniform(.3, .5), w * .9, h * rng.uniform(.3, .65), ink(rng, c))
        self.write(d, rng, self.words(rng), w / 2, h * .82, w * .85, h * .2, ink(rng, c))
        return np.asarray(im)
