"""Real bibs whose numbers are known, cut out anew each time.

A list is JSON: [{"file", "box": [x, y, w, h] in pixels, "text", "cut": [left, right] or null when nobody knows}].
"""
import json
import math
import os

import cv2
import numpy as np

from size import HEIGHT, STEPS, WIDTH


class Crops:
    def __init__(self, lists, rng):
        self.rng, self.items, self.images, self.of_text = rng, [], {}, {}
        for path in lists:
            folder = os.path.dirname(os.path.abspath(path))
            with open(path) as file:
                for item in json.load(file):
                    name = os.path.join(folder, item['file'])
                    if name not in self.images:
                        self.images[name] = cv2.imread(name)[..., ::-1]
                    self.items.append((self.images[name], item))
                    self.of_text.setdefault(item['text'], []).append(self.items[-1])

    def draw(self):
        """Every number as often as any other, however many photos show it."""
        texts = list(self.of_text)
        some = self.of_text[texts[self.rng.integers(len(texts))]]
        return self.look(*some[self.rng.integers(len(some))])

    def look(self, image, item):
        rng = self.rng
        x, y, w, h = item['box']
        m = rng.normal(.03, .05, 4)
        m = np.clip(m, -.02, .3)
        a, b, c, d = x - m[0] * w, y - m[1] * h, x + w + m[2] * w, y + h + m[3] * h
        middle = np.array([(a + c) / 2, (b + d) / 2])
        half = np.array([(c - a) / 2, (d - b) / 2])
        turn = math.radians(rng.normal(0, 3))
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half * (1 + rng.normal(0, .015, (4, 2)))
        corners = corners @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]) + middle
        scale = rng.uniform(.6, 1) if h > 30 and rng.random() < .4 else 1
        size = max(20, int(min(WIDTH, 2 * w) * scale)), max(12, int(min(HEIGHT, 2 * h) * scale))
        to = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], 'f4')
        part = cv2.warpPerspective(image, cv2.getPerspectiveTransform(corners.astype('f4'), to), size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE).astype('f4')
        if rng.random() < .25:
            part = cv2.GaussianBlur(part, (0, 0), rng.uniform(.3, .9))
        if rng.random() < .15:
            kernel = np.full((1, 3), 1 / 3, 'f4')
            part = cv2.filter2D(part, -1, kernel if rng.random() < .5 else kernel.T)
        part = 255 * np.clip(part / 255 * math.exp(rng.normal(0, .25)) * (1 + rng.normal(0, .08, 3)), 0, None) ** math.exp(rng.normal(0, .2))
        if rng.random() < .3:
            part = part[..., rng.permutation(3)]
        if rng.random() < .12:
            part = 255 - part
        part = np.clip(part + rng.normal(0, rng.uniform(.1, 6), part.shape), 0, 255).astype('u1')
        part = cv2.resize(part, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
        cut = item['cut']
        none = np.full(STEPS, np.nan, 'f4')
        return dict(image=part, text=item['text'], ctc=True, cut=(-1, -1) if cut is None else cut, top=none, bottom=none, placed=False)

    def plain(self, margin=.04):
        """Every crop once, as the app would cut it: ([n, HEIGHT, WIDTH, 3] u1, texts)."""
        looks = []
        for image, item in self.items:
            x, y, w, h = item['box']
            a, b = max(0, int(x - margin * w)), max(0, int(y - margin * h))
            c, d = min(image.shape[1], int(math.ceil(x + w + margin * w))), min(image.shape[0], int(math.ceil(y + h + margin * h)))
            part = image[b:d, a:c]
            looks.append(cv2.resize(part, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA if c - a > WIDTH else cv2.INTER_LINEAR))
        return np.stack(looks), [item['text'] for _, item in self.items]
