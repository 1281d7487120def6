"""Looks at a bib: a card bent, turned, shaded, half covered and photographed, with what can still be read of it.

A look is a dict: image uint8 [HEIGHT, WIDTH, 3] RGB; text as legible; ctc (False: which characters are legible is a matter of taste, so it teaches
nothing about them); cut [left, right] (True: characters are hidden or cut off on that side); top, bottom float [STEPS] (0..1 of the height where the
line of the number stands in each column, NaN outside it).
"""
import math

import cv2
import numpy as np

from cards import CARD_WIDTH, Cards
from size import HEIGHT, STEPS, WIDTH

SCENE = 288  # px

# Visible share of a character from which on it counts as whole, and from which on as legible.
WHOLE, LEGIBLE = .86, .7
GONE = .35
SKINS = [(236, 200, 176), (224, 172, 138), (198, 140, 105), (150, 98, 66), (98, 62, 44), (60, 40, 30)]


def smooth(rng, n, size, strength):
    return cv2.resize(rng.uniform(-strength, strength, (n, n)).astype('f4'), (size, size), interpolation=cv2.INTER_CUBIC)


class Looks:
    """@param backgrounds: list of RGB photos without bibs in them, uint8."""

    def __init__(self, rng, backgrounds):
        self.rng, self.cards, self.backgrounds = rng, Cards(rng), backgrounds

    def scene(self):
        """One bib on somebody: (RGB f4 [SCENE, SCENE, 3], ids u1 (0: none, n: character n), hidden bool, text, corners of the card)."""
        rng = self.rng
        card, text, boxes = self.cards.draw()
        high, wide = card.shape[:2]
        ids = np.zeros((high, wide), np.uint8)
        for i, (a, b, c, d) in enumerate(boxes):
            ids[int(b):int(math.ceil(d)), int(round(a)):max(int(round(c)), int(round(a)) + 1)] = i + 1
        # Corners of the card in the scene.
        half = np.array([CARD_WIDTH, high]) / CARD_WIDTH * SCENE * .36 / max(1, high / CARD_WIDTH)
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
        corners[:, 0] *= rng.uniform(.6, 1) if rng.random() < .3 else rng.uniform(.85, 1)
        lean = rng.uniform(-.18, .18)
        corners[:, 0] += corners[:, 1] * lean * rng.random()
        corners = corners * (1 + rng.normal(0, .04, (4, 2)))
        turn = math.radians(rng.normal(0, 6) if rng.random() < .75 else rng.uniform(-24, 24))
        corners = corners @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]) + SCENE / 2
        matrix = cv2.getPerspectiveTransform(corners.astype('f4'), np.array([[0, 0], [wide, 0], [wide, high], [0, high]], 'f4'))
        ys, xs = np.mgrid[:SCENE, :SCENE].astype('f4')
        shade = np.ones((SCENE, SCENE), 'f4')
        dx, dy = np.zeros_like(xs), np.zeros_like(ys)
        if rng.random() < .85:  # gentle waves; upright ones bend the line of the number
            strength = abs(rng.normal(0, 5))
            dx += smooth(rng, rng.integers(2, 5), SCENE, strength * .7)
            dy += smooth(rng, rng.integers(2, 5), SCENE, strength)
        for _ in range(rng.choice([0, 1, 2, 3], p=[.45, .3, .15, .1])):  # folds
            angle = rng.normal(math.pi / 2, .5) if rng.random() < .6 else rng.uniform(0, math.pi)
            nx, ny = math.sin(angle), -math.cos(angle)
            distance = (xs - SCENE / 2) * nx + (ys - SCENE / 2) * ny - rng.uniform(-.3, .3) * SCENE
            width = rng.uniform(3, 25)
            step = np.tanh(distance / width)
            by = rng.normal(0, 6)
            dx += by * nx * step * .6
            dy += by * rng.normal(0, .8) * step
            shade *= 1 + rng.uniform(-.35, .3) * np.exp(-(distance / (width * 1.5)) ** 2) + rng.uniform(-.12, .12) * step
        if rng.random() < .3:  # around a body
            u = (xs - SCENE / 2) / (SCENE / 2)
            k = rng.uniform(.1, .45)
            dx += (u ** 3) * k * SCENE * .16
            shade *= 1 - k * .5 * np.clip(np.abs(u) - .2, 0, 1) ** 2 * 2
        if rng.random() < .5:
            shade *= 1 + smooth(rng, 3, SCENE, rng.uniform(0, .25))
        if rng.random() < .15:  # hard shadow
            angle = rng.uniform(0, math.pi)
            distance = (xs - SCENE / 2) * math.cos(angle) + (ys - SCENE / 2) * math.sin(angle) - rng.uniform(-.3, .3) * SCENE
            shade *= np.where(distance > 0, 1, rng.uniform(.35, .75))
        px, py = xs + dx, ys + dy
        w = matrix[2, 0] * px + matrix[2, 1] * py + matrix[2, 2]
        mx = ((matrix[0, 0] * px + matrix[0, 1] * py + matrix[0, 2]) / w).astype('f4')
        my = ((matrix[1, 0] * px + matrix[1, 1] * py + matrix[1, 2]) / w).astype('f4')
        inside = ((mx >= 0) & (mx < wide) & (my >= 0) & (my < high))
        body = cv2.remap(card, mx, my, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype('f4')
        ids = cv2.remap(ids, mx, my, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
        alpha = cv2.GaussianBlur(inside.astype('f4'), (3, 3), 0)[..., None]
        scene = self.background(SCENE, SCENE) * (1 - alpha) + body * alpha
        scene *= shade[..., None]
        hidden = np.zeros((SCENE, SCENE), bool)
        if rng.random() < .4:
            scene, hidden = self.cover(scene, corners, ids)
        return scene, ids, hidden, text, inside

    def background(self, h, w):
        rng = self.rng
        if rng.random() < .3 or not self.backgrounds:
            c = rng.uniform(0, 255, 3).astype('f4')
            return c + smooth(rng, 4, max(h, w), 30)[:h, :w, None]
        photo = self.backgrounds[rng.integers(len(self.backgrounds))]
        side = int(rng.integers(20, min(photo.shape[:2]) // 2))
        y, x = rng.integers(0, photo.shape[0] - side), rng.integers(0, photo.shape[1] - side)
        return cv2.resize(photo[y:y + side, x:x + side], (w, h), interpolation=cv2.INTER_LINEAR).astype('f4')

    def cover(self, scene, corners, ids):
        """An arm, a jacket, a strap or hair before the bib; most of the time from one side."""
        rng = self.rng
        mask = np.zeros((SCENE, SCENE), np.uint8)
        kind = rng.random()
        line = np.argwhere(ids > 0)
        middle = line.mean(0)[::-1] if len(line) else np.array([SCENE / 2, SCENE / 2])
        reach = (np.ptp(line[:, 1]) if len(line) else SCENE * .6) / 2
        side = rng.choice([-1, 1])
        if kind < .45:  # arm or hand
            end = middle + np.array([side * reach * rng.uniform(.3, 1.3), rng.normal(0, 25)])
            start = end + np.array([side * rng.uniform(20, 160), rng.uniform(-170, 170)])
            cv2.line(mask, tuple(int(v) for v in start), tuple(int(v) for v in end), 255, int(rng.uniform(18, 75)))
        elif kind < .8:  # cloth hanging over a side or from above
            if rng.random() < .75:
                x = middle[0] + side * reach * rng.uniform(.15, 1.2)
                a, b = x + rng.normal(0, 25), x + rng.normal(0, 25)
                edge = SCENE if side > 0 else 0
                polygon = [[a, 0], [x, SCENE * rng.uniform(.3, .7)], [b, SCENE], [edge, SCENE], [edge, 0]]
            else:
                y = middle[1] + rng.choice([-1, 1]) * rng.uniform(10, 60)
                edge = SCENE if y > middle[1] else 0
                polygon = [[0, y + rng.normal(0, 15)], [SCENE / 2, y + rng.normal(0, 15)], [SCENE, y + rng.normal(0, 15)], [SCENE, edge], [0, edge]]
            cv2.fillPoly(mask, [np.array(polygon, np.int32)], 255)
        else:  # strap, cable, medal ribbon
            a = (int(rng.uniform(0, SCENE)), 0)
            b = (int(rng.uniform(0, SCENE)), SCENE)
            cv2.line(mask, a, b, 255, int(rng.uniform(2, 12)))
        hidden = mask > 0
        if rng.random() < .55:
            colour = np.array(SKINS[rng.integers(len(SKINS))], 'f4') + rng.normal(0, 12)
        else:
            colour = rng.uniform(0, 255, 3).astype('f4')
        fill = colour * (1 + smooth(rng, 5, SCENE, .25)[..., None])
        if rng.random() < .3:
            fill = self.background(SCENE, SCENE)
        alpha = cv2.GaussianBlur(mask, (0, 0), rng.uniform(.6, 2.5)).astype('f4')[..., None] / 255
        return scene * (1 - alpha) + fill * alpha, hidden

    def windows(self, ids, inside):
        """Two boxes (left, top, right, bottom) to look through: about the bib, about its number."""
        rng = self.rng
        ys, xs = np.nonzero(inside)
        if len(xs) < 50:
            return []
        a, b, c, d = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
        w, h = c - a, d - b
        m = rng.normal(.05, .07, 4)
        if rng.random() < .06:  # at the edge of the photo
            m[rng.integers(4)] = -rng.uniform(.1, .5)
        found = [(a - m[0] * w, b - m[1] * h, c + m[2] * w, d + m[3] * h)]
        ys, xs = np.nonzero(ids)
        if len(xs) > 50:
            a, b, c, d = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
            w, h = c - a, d - b
            m = rng.uniform([.02, .05, .02, .05], [.3, .7, .3, .7])
            if rng.random() < .06:
                m[rng.integers(2) * 2] = -rng.uniform(.05, .5)
            found.append((a - m[0] * max(w, h), b - m[1] * h, c + m[2] * max(w, h), d + m[3] * h))
        return found

    def draw(self):
        """Looks of one bib."""
        rng = self.rng
        scene, ids, hidden, text, inside = self.scene()
        if rng.random() < .05:  # nothing to read: cloth, faces, banners
            return [self.look(self.background(SCENE, SCENE), np.zeros_like(ids), hidden, '', (20, 40, SCENE - 20, SCENE - 60))]
        return [self.look(scene, ids, hidden, text, window) for window in self.windows(ids, inside)]

    def look(self, scene, ids, hidden, text, window):
        rng = self.rng
        a, b, c, d = [int(round(v)) for v in window]
        a, b, c, d = max(0, a), max(0, b), min(SCENE, c), min(SCENE, d)
        c, d = max(c, a + 8), max(d, b + 8)
        part, part_ids = scene[b:d, a:c], ids[b:d, a:c]
        seen = np.where(hidden[b:d, a:c], 0, part_ids)
        n = len(text)
        total = np.bincount(ids.ravel(), minlength=n + 1)[1:n + 1].astype('f4')
        shares = np.bincount(seen.ravel(), minlength=n + 1)[1:n + 1] / np.maximum(total, 1) if n else np.zeros(0)
        legible, ctc, cut = self.legible(text, shares)
        rows, cols = np.nonzero(part_ids)
        line_high = (np.ptp(rows) + 1 if len(rows) else 30) * .8
        # Pixels of the sensor across the window: the smaller, the harder; digits are left at least 6 px high.
        least = 6.5 / line_high
        most = max(1.0, least)
        scale = math.exp(rng.uniform(math.log(max(least, .1)), math.log(most)))
        size = max(12, int((c - a) * scale)), max(8, int((d - b) * scale))
        image = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        image = self.photographed(image, line_high * scale)
        image = cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA if size[0] > WIDTH else cv2.INTER_LINEAR)
        small = cv2.resize((part_ids > 0).astype('u1') * 255, (STEPS, HEIGHT * 2), interpolation=cv2.INTER_AREA) > 127
        any_ = small.any(0)
        top = np.where(any_, small.argmax(0) / (HEIGHT * 2), np.nan).astype('f4')
        bottom = np.where(any_, 1 - small[::-1].argmax(0) / (HEIGHT * 2), np.nan).astype('f4')
        return dict(image=image, text=legible, ctc=ctc, cut=cut, top=top, bottom=bottom)

    @staticmethod
    def legible(text, shares):
        """(what is left of the text, is it certain, [left, right] hidden)."""
        if not text:
            return '', True, (False, False)
        whole, gone = shares >= WHOLE, shares < GONE
        if whole.all():
            return text, True, (False, False)
        if gone.all():
            return '', True, (True, True)
        left = 0
        while left < len(text) and gone[left]:
            left += 1
        right = len(text)
        while right > left and gone[right - 1]:
            right -= 1
        cut = (bool(not whole[0]), bool(not whole[-1]))
        inner = shares[left:right]
        certain = bool((inner >= LEGIBLE).all())
        if (shares[1:-1] < LEGIBLE).any() and not any(cut):
            cut = (True, True)
        return text[left:right], certain, cut

    def photographed(self, image, line_high):
        rng = self.rng
        h, w = image.shape[:2]
        if rng.random() < .3:  # motion
            length = rng.uniform(1, max(1.5, .3 * line_high))
            angle = rng.uniform(0, math.pi) if rng.random() < .5 else rng.normal(0, .3)
            n = int(math.ceil(length)) | 1
            kernel = np.zeros((n + 2, n + 2), 'f4')
            middle = (n + 1) / 2
            by = np.array([math.cos(angle), math.sin(angle)]) * length / 2
            cv2.line(kernel, tuple(int(round(v * 16)) for v in middle - by), tuple(int(round(v * 16)) for v in middle + by), 1, 1, cv2.LINE_AA, 4)
            if kernel.sum() > 0:
                image = cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
        if rng.random() < .45:
            image = cv2.GaussianBlur(image, (0, 0), rng.uniform(.3, max(.35, .075 * line_high)))
        if rng.random() < .25:  # sharpened by the camera
            image = image + (image - cv2.GaussianBlur(image, (0, 0), 1.2)) * rng.uniform(.3, 1.4)
        gain = math.exp(rng.normal(0, .3))
        if rng.random() < .1:
            gain *= rng.uniform(.15, .5)
        cast = 1 + rng.normal(0, .07, 3)
        image = 255 * np.clip(image / 255 * gain * cast, 0, None) ** math.exp(rng.normal(0, .2))
        if rng.random() < .2:  # haze
            k = rng.uniform(.1, .5)
            image = image * (1 - k) + rng.uniform(90, 255) * k
        image = image + rng.normal(0, rng.choice([0, 2, 5, 10], p=[.3, .35, .25, .1]) + 1e-3, image.shape)
        image = np.clip(image, 0, 255).astype('u1')
        if rng.random() < .8:
            _, data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(35, 96))])
            image = cv2.imdecode(data, cv2.IMREAD_COLOR)
        return image
