"""Draw a column of vertical type and lay its characters side by side, as `src/core/text/column-cells.ts` does for the reader."""
import os
import re

import cv2
import numpy as np
from PIL import Image, ImageDraw

import render

SIDE = render.HEIGHT
# Typefaces whose characters have heights of their own in vertical type: cells are then cut to the ink, not to the pitch.
PROPORTIONAL = re.compile(r'(ipagp|ipamp|Takao(P|Ex)\w*|TakaoPGothic|TakaoPMincho|BIZUDP\w*)')
# Too poor in vertical forms to learn them from.
UNFIT = re.compile(r'sawarabi')


def is_fit(path):
    return not UNFIT.search(path)


def units_of(rng, text):
    """[(characters in one cell, what the reader should write)]"""
    pairs, wide = rng.random() < 0.5, rng.random() < 0.7
    out = []
    for part in re.findall(r'\d+|.', text):
        if part.isascii() and part.isdigit():
            if pairs and len(part) == 2:
                out.append((part, part))
            else:
                out += [(chr(ord(c) + 0xFEE0) if wide else c, c) for c in part]
        elif '!' <= part <= '~' and (wide or not part.isalpha()):
            out.append((chr(ord(part) + 0xFEE0), part))
        else:
            out.append((part, part))
    return out


def _glyph(characters, path, size):
    """Ink of one cell, `size` wide, twice as high; the em box begins at a quarter."""
    image = Image.new('L', (size * 2, size * 2), 255)
    font = render._font(path, size)
    pen = ImageDraw.Draw(image)
    if len(characters) == 1:
        pen.text((size, size // 2), characters, fill=0, font=font, direction='ttb', anchor='mt')
        return np.asarray(image)
    pair = Image.new('L', (size * 2, size * 2), 255)
    ImageDraw.Draw(pair).text((size // 2, size // 2), characters, fill=0, font=font)
    left, _, right, _ = font.getbbox(characters)
    cut = np.asarray(pair)[:, size // 2 + left : size // 2 + right]
    width = min(cut.shape[1], int(size * 0.96))
    out = np.asarray(image).copy()
    at = size - width // 2
    out[:, at : at + width] = cv2.resize(cut, (width, size * 2), interpolation=cv2.INTER_AREA)
    return out


def draw(rng, units, path, size):
    """(column image, dark on light; tops of the cells; pitch; middle of the column)"""
    spacing = rng.choice([0, 0, 0, rng.uniform(-0.03, 0.2)])
    pitch, tight = size * (1 + spacing), is_tight(path)
    height, width = int(pitch * (len(units) + 2) + size), size * 3
    page, middle = np.full((height, width), 255, np.uint8), width // 2
    tops = []
    for i, (characters, _) in enumerate(units):
        top = pitch * (i + 1)
        tops.append(top)
        glyph = _glyph(characters, path, size)
        rows = np.flatnonzero((glyph < 128).any(1))
        shift = 0 if not tight or len(rows) == 0 else size - (rows[0] + rows[-1]) // 2
        y = int(top + (pitch - size) / 2) - size // 2 + shift
        part = page[max(0, y) : y + glyph.shape[0], middle - size : middle + size]
        np.minimum(part, glyph[max(0, -y) : max(0, -y) + part.shape[0]], out=part)
    if rng.random() < 0.3:
        # Neighbouring columns.
        lead = int(size * rng.uniform(1.08, 1.6))
        own = page[:, middle - size // 2 : middle + size // 2].copy()
        for side in rng.choice([(-1,), (1,), (-1, 1)]):
            x = middle + side * lead - size // 2
            left, right = max(0, x), min(width, x + own.shape[1])
            page[:, left:right] = np.minimum(page[:, left:right], np.roll(own, int(pitch * 1.7), 0)[:, left - x : right - x])
    if rng.random() < 0.12:
        x = int(middle + rng.choice([-1, 1]) * size * rng.uniform(0.5, 0.62))
        page[:, x : x + max(1, size // 24)] = rng.randint(0, 120)
    return page, tops, pitch, middle


def is_tight(path):
    return bool(PROPORTIONAL.search(os.path.basename(path)))


def settle(cell, tight):
    """Port of `settleCell` in src/core/text/column-cells.ts; change both together."""
    paper, darkest = np.percentile(cell, 80), cell.min()
    if paper - darkest < 40:
        return cell
    ink = cell < paper - 0.4 * (paper - darkest)
    ys, xs = np.nonzero(ink)
    x0, x1, y0, y1 = xs.min(), xs.max() + 1, ys.min(), ys.max() + 1
    width, height = (x1 - x0) / SIDE, (y1 - y0) / SIDE
    centre_x, centre_y = (x0 + x1) / 2 / SIDE, (y0 + y1) / 2 / SIDE
    off_middle = height > 0.13 if tight else centre_y < 0.36 or centre_y > 0.64
    bracket = width > 0.5 and height < 0.42 and off_middle
    unbroken = len(np.unique(ys)) == y1 - y0
    spans = [np.flatnonzero(row)[[0, -1]] for row in ink if row.any()]
    widths = np.array([b - a + 1 for a, b in spans]) / SIDE
    off_centre, mean_width, widest = abs(centre_x - 0.5), widths.mean(), widths.max()
    long_vowel = height > 0.76 and width < 0.34 and off_centre < 0.2 and unbroken and mean_width < 0.2 and widest < 0.28
    even = mean_width < 0.14 and widest < mean_width * 1.7
    dash = 0.4 < height < 0.68 and width < 0.2 and off_centre < 0.12 and unbroken and even
    middle = ink[:, int(round(SIDE * 0.45)) : int(round(SIDE * 0.55))]
    colon = height < 0.3 and 0.28 < width < 0.75 and abs(centre_x - 0.5) < 0.15 and abs(centre_y - 0.5) < 0.15 and not middle.any()
    if bracket or long_vowel or dash or colon:
        return np.rot90(cell)
    size = max(width, height)
    if tight:
        raised = size < 0.45 and centre_x > 0.56
    else:
        raised = (size < 0.45 and centre_x > 0.53 and centre_y < 0.47) or (size < 0.78 and centre_x > 0.55 and centre_y < 0.45)
    if not raised:
        return cell
    dx = int(round((1 - 2 * centre_x) * SIDE * (1 if size < 0.45 else 0.5)))
    dy = int(round((0.3 if tight else 1 - 2 * centre_y) * SIDE))
    out = np.full_like(cell, int(paper))
    out[max(0, dy) : SIDE + min(0, dy), max(0, dx) : SIDE + min(0, dx)] = cell[max(0, -dy) : SIDE - max(0, dy), max(0, -dx) : SIDE - max(0, dx)]
    return out


def strip(rng, text, path, widest):
    """(strip 48 × W u8, its label), or None where nothing fits."""
    squeeze = rng.choice([1.0, 0.85, 0.85, 0.75])
    cell_width = int(round(SIDE * squeeze))
    units = units_of(rng, text)[: max(1, widest // cell_width)]
    while units and units[-1][0] == ' ':
        units.pop()
    if not units:
        return None
    size = int(rng.choice([rng.uniform(12, 20), rng.uniform(16, 32), rng.uniform(26, 44)]))
    page, tops, pitch, middle = draw(rng, units, path, size)
    margin = int(size * rng.uniform(0.6, 0.75))
    page = render.stretch(render.photograph(rng, np.ascontiguousarray(page[:, middle - margin : middle + margin].T))).T
    middle, tight = margin + rng.gauss(0, 0.015) * size, is_tight(path)
    phase = rng.gauss(0, 0.025) * pitch
    cells = []
    for top in tops:
        side = pitch * (1 + rng.gauss(0, 0.015))
        x0, y0 = middle - side / 2, top + phase + rng.gauss(0, 0.012) * pitch
        scale = side / SIDE
        matrix = np.array([[scale, 0, x0 + 0.5 * scale - 0.5], [0, scale, y0 + 0.5 * scale - 0.5]])
        cell = cv2.warpAffine(page, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=255)
        cell = settle(cell, tight)
        cells.append(cv2.resize(cell, (cell_width, SIDE), interpolation=cv2.INTER_AREA) if cell_width != SIDE else cell)
    line = np.concatenate(cells, axis=1)
    line = line[:, : max(16, line.shape[1] // 8 * 8)]
    return np.ascontiguousarray(line), ''.join(label for _, label in units)
