"""Invented race bibs as flat pictures: a number, what stands around it, and where each of its characters lies.

`Cards(rng).draw()` gives RGB uint8 [h, CARD_WIDTH, 3], the number's text, and boxes [n, 4] (left, top, right, bottom) of its
characters that together fill the line without gaps.
"""
import string
import subprocess

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

CARD_WIDTH = 320
GLYPH = 96  # px of the font that glyphs are cut from

# Families that numbers are set in; Debian names. Absent ones are left out.
FAMILIES = [
    ('DejaVu Sans', 2), ('Liberation Sans', 4), ('Liberation Sans Narrow', 4), ('Nimbus Sans', 3), ('Nimbus Sans Narrow', 4), ('Lato', 3),
    ('Open Sans', 2), ('Open Sans Condensed', 4), ('Roboto', 3), ('Roboto Condensed', 4), ('M PLUS 1', 2), ('Noto Sans', 2),
    ('Noto Sans CJK JP', 2), ('Noto Sans Display', 2), ('URW Gothic', 1), ('Liberation Serif', 1), ('DejaVu Serif', 1), ('URW Bookman', 1),
    ('DejaVu Sans Mono', 1), ('BIZ UDGothic', 1), ('Bebas Neue', 4), ('OSP-DIN', 3), ('League Spartan', 2),
]
HEAVY = ('bold', 'black', 'heavy', 'demi', 'medium', 'extrabold')

WORDS = (
    'RUN MARATHON HALF 10K 21K 42K 5K FUN TRAIL CITY SPORT BANK START FINISH RACE TEAM CLUB ENERGY WATER RADIO NEWS MOTORS FOODS ELITE MASTERS '
    'OPEN WAVE ZONE GROUP RELAY 2019 2022 2024 2025 2026 21.0975 42.195 5,000m 1/2 #RUN WWW.RUN.COM TOKYO OSAKA EHIME LONDON LIMA PARIS BERLIN '
    'Anna Maria Peter Kenji Yuki Chen Wong Silva Garcia Smith Novak Tan Lee Sato Suzuki'
).split()


def faces():
    """[(path, index, weight)] of the fonts to be had."""
    listed = subprocess.run(['fc-list', '--format', '%{file}|%{index}|%{family[0]}|%{style[0]}\n'], capture_output=True, text=True).stdout
    weights = dict(FAMILIES)
    found = {}
    for line in listed.splitlines():
        path, index, family, style = line.split('|')
        family = family.replace('\\', '')
        if family not in weights or int(index) > 0xFFFF:
            continue
        low = style.lower()
        if 'italic' in low or 'oblique' in low or 'light' in low or 'thin' in low:
            continue
        weight = weights[family] * (1.0 if any(word in low for word in HEAVY) else 0.3)
        found.setdefault(family, []).append((path, int(index), weight))
    return [(path, index, weight / len(some)) for some in found.values() for path, index, weight in some]


class Glyphs:
    """Masks of single characters, cut from one font at GLYPH px."""

    def __init__(self, path, index):
        self.font = ImageFont.truetype(path, GLYPH, index=index)
        self.kept = {}

    def __getitem__(self, char):
        if char not in self.kept:
            advance = int(np.ceil(self.font.getlength(char)))
            image = Image.new('L', (advance + GLYPH, GLYPH * 2), 0)
            ImageDraw.Draw(image).text((GLYPH // 2, GLYPH * 3 // 2), char, font=self.font, fill=255, anchor='ls')
            self.kept[char] = (np.asarray(image), advance)
        return self.kept[char]

    def line(self, text, spacing):
        """Mask of the line, cut to its ink from top to bottom, and the left and right of each character."""
        advances = [self[c][1] for c in text]
        width = int(sum(advances) + spacing * (len(text) - 1)) + GLYPH
        mask = np.zeros((GLYPH * 2, width + GLYPH), np.uint8)
        spans, x = [], 0.0
        for char, advance in zip(text, advances):
            glyph, _ = self[char]
            at = int(x)
            part = mask[:, at:at + glyph.shape[1]]
            np.maximum(part, glyph[:, :part.shape[1]], out=part)
            ink = np.flatnonzero(glyph.any(0))
            spans.append((at + ink[0], at + ink[-1] + 1))
            x += max(advance + spacing, advance * .4)
        rows = np.flatnonzero(mask.any(1))
        left, right = spans[0][0], spans[-1][1]
        return mask[rows[0]:rows[-1] + 1, left:right], [(a - left, b - left) for a, b in spans]


def digits(rng):
    length = rng.choice([1, 2, 3, 4, 5, 6], p=[.03, .07, .21, .34, .31, .04])
    kind = rng.random()
    if kind < .1:  # few different digits: repeats are what CTC confuses
        some = rng.choice(10, 2)
        return ''.join(str(rng.choice(some)) for _ in range(length))
    first = str(rng.integers(0 if kind < .2 else 1, 10))
    return first + ''.join(str(d) for d in rng.integers(0, 10, length - 1))


def number(rng):
    kind = rng.random()
    letters = string.ascii_uppercase
    if kind < .78:
        return digits(rng)
    if kind < .93:
        prefix = ''.join(letters[i] for i in rng.integers(0, 26, 1 if rng.random() < .75 else 2))
        return prefix + ('-' if rng.random() < .2 else '') + digits(rng)
    if kind < .97:
        return digits(rng) + letters[rng.integers(26)]
    return ''.join(letters[i] for i in rng.integers(0, 26, rng.integers(3, 8)))


def luma(c):
    return .3 * c[0] + .59 * c[1] + .11 * c[2]


def colours(rng):
    """(ground, ink) that can be told apart."""
    while True:
        kind = rng.random()
        if kind < .5:
            ground, ink = rng.uniform(225, 255, 3), rng.uniform(0, 60, 3)
        elif kind < .72:
            ground = rng.uniform(215, 255, 3) if rng.random() < .6 else rng.uniform(90, 255, 3)
            ink = rng.permutation([rng.uniform(120, 235), rng.uniform(0, 90), rng.uniform(0, 120)])
        elif kind < .88:
            ground, ink = rng.uniform(0, 255, 3), rng.uniform(0, 50, 3)
        else:
            ground, ink = rng.uniform(0, 190, 3), rng.uniform(200, 255, 3)
        if abs(luma(ground) - luma(ink)) > 55 or np.abs(ground - ink).max() > 120:
            return tuple(int(v) for v in ground), tuple(int(v) for v in ink)


class Cards:
    def __init__(self, rng):
        self.rng = rng
        listed = faces()
        self.faces = [(path, index) for path, index, _ in listed]
        weights = np.array([weight for *_, weight in listed])
        self.weights = weights / weights.sum()
        self.glyphs, self.fonts = {}, {}

    def face(self):
        return self.faces[self.rng.choice(len(self.faces), p=self.weights)]

    def font(self, size):
        path, index = self.faces[self.rng.integers(len(self.faces))]
        key = (path, index, max(6, int(size) // 2 * 2))
        if key not in self.fonts:
            if len(self.fonts) > 1500:
                self.fonts.clear()
            self.fonts[key] = ImageFont.truetype(path, key[2], index=index)
        return self.fonts[key]

    def draw(self):
        rng = self.rng
        wide = CARD_WIDTH
        high = int(wide * np.clip(rng.normal(.82, .17), .5, 1.25))
        ground, ink = colours(rng)
        card = np.empty((high, wide, 3), np.uint8)
        card[:] = ground
        text = number(rng) if rng.random() > .04 else ''
        share = rng.uniform(.22, .62) if rng.random() < .75 else rng.uniform(.16, .3)
        line_high = int(high * share)
        room = high - line_high
        middle = int(line_high / 2 + room * np.clip(rng.normal(.5, .17), .06, .94))
        top, bottom = middle - line_high // 2, middle + line_high // 2
        image = Image.fromarray(card)
        pen = ImageDraw.Draw(image)
        self.surround(pen, ground, 0, top - 3, wide)
        self.surround(pen, ground, bottom + 3, high, wide)
        if rng.random() < .25:  # the number stands on a panel of its own
            panel, ink = colours(rng)
            pen.rectangle([0, top - rng.integers(2, 14), wide, bottom + rng.integers(2, 14)], fill=panel)
            ground = panel
        boxes = np.zeros((0, 4))
        if text:
            path, index = self.face()
            glyphs = self.glyphs.setdefault((path, index), None) or Glyphs(path, index)
            self.glyphs[(path, index)] = glyphs
            mask, spans = glyphs.line(text, rng.normal(2, 5))
            stretch = rng.uniform(.72, 1.15)
            line_wide = mask.shape[1] / mask.shape[0] * line_high * stretch
            scale = min(1.0, wide * rng.uniform(.72, .97) / line_wide)
            # Long numbers are set narrower rather than much smaller.
            tall = int(max(12, line_high * max(scale, scale ** .5 if scale > .5 else scale)))
            line_wide = int(max(6, line_wide * scale))
            spare = wide - line_wide
            left = int(spare * np.clip(rng.normal(.55, .18), 0, 1))
            top = int(np.clip(middle - tall // 2, 0, high - tall))
            small = cv2.resize(mask, (line_wide, tall), interpolation=cv2.INTER_AREA)
            if rng.random() < .12:
                small = cv2.dilate(small, np.ones((3, 3), np.uint8))
            card = np.asarray(image).copy()
            part = card[top:top + tall, left:left + line_wide].astype('f4')
            if rng.random() < .06:  # rim of another colour
                rim = cv2.dilate(small, np.ones((7, 7), np.uint8))[..., None] / 255.
                part = part * (1 - rim) + np.array(rng.uniform(0, 255, 3)) * rim
            alpha = small[..., None] / 255.
            card[top:top + tall, left:left + line_wide] = (part * (1 - alpha) + np.array(ink) * alpha).astype('u1')
            image = Image.fromarray(card)
            pen = ImageDraw.Draw(image)
            ends = np.array(spans, 'f4') * (line_wide / mask.shape[1]) + left
            borders = np.concatenate([[ends[0, 0]], (ends[1:, 0] + ends[:-1, 1]) / 2, [ends[-1, 1]]])
            boxes = np.array([[a, top, b, top + tall] for a, b in zip(borders, borders[1:])])
            if rng.random() < .15 and left > tall * .5:  # a category's letter in a box of its own, not part of it
                a = max(0, left - tall * rng.uniform(.8, 1.1))
                pen.rectangle([a, top - tall * .1, left - tall * .12, top + tall * 1.1], fill=ink)
                pen.text(((a + left - tall * .12) / 2, top + tall / 2), string.ascii_uppercase[rng.integers(26)], font=self.font(tall * .9), fill=ground, anchor='mm')
            if rng.random() < .12:  # small mark behind the number, not part of it
                size = tall * rng.uniform(.15, .35)
                pen.text((left + line_wide + 3, top + tall), rng.choice(['m', 'f', 'M', 'F', 'A', '®', 'km']), font=self.font(size), fill=ink, anchor='ls')
            if rng.random() < .1:  # tear-off strip with the number again
                pen.text((wide * rng.uniform(.15, .85), high - 2), text, font=self.font(max(8, tall * .2)), fill=ink, anchor='ms')
        return np.asarray(image), text, boxes

    def surround(self, pen, ground, top, bottom, wide):
        """What stands above or below the number: bands, words, logos, codes."""
        rng = self.rng
        if bottom - top < 8:
            return
        if rng.random() < .55:
            fill = tuple(int(v) for v in rng.uniform(0, 255, 3))
            a = top if rng.random() < .6 else top + int((bottom - top) * rng.uniform(0, .5))
            pen.rectangle([0, a, wide, bottom if rng.random() < .5 else a + int((bottom - a) * rng.uniform(.3, 1))], fill=fill)
            ground = fill
        y = top + rng.uniform(.05, .3) * (bottom - top)
        while y < bottom - 6:
            size = min(rng.uniform(8, 38), bottom - y)
            ink = (20, 20, 20) if luma(ground) > 120 else (240, 240, 240)
            if rng.random() < .35:
                ink = tuple(int(v) for v in rng.uniform(0, 255, 3))
            x = wide * rng.uniform(.02, .5)
            for _ in range(rng.integers(1, 4)):
                kind = rng.random()
                if kind < .8:
                    word = WORDS[rng.integers(len(WORDS))]
                    word = word.upper() if rng.random() < .5 else word
                    face = self.font(size)
                    pen.text((x, y), word, font=face, fill=ink)
                    x += face.getlength(word) + size * .6
                elif kind < .9:
                    pen.ellipse([x, y, x + size, y + size], fill=tuple(int(v) for v in rng.uniform(0, 255, 3)))
                    x += size * 1.5
                else:
                    for k in range(rng.integers(8, 24)):
                        if rng.random() < .5:
                            pen.rectangle([x + k * 2, y, x + k * 2 + 1, y + size], fill=ink)
                    x += 60
                if x > wide:
                    break
            y += size * rng.uniform(1.1, 1.8)
