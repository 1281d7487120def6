"""Draw one line of text as a reader would be given it: cut from a photo by a detector, contrast-stretched, 48 pixels high."""
import functools
import glob

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

HEIGHT = 48
_ROOT = '/usr/share/fonts/'
# Families never trained on: Migu, MigMix, UmePlus and some weights of Ume. They make the validation set.
_TRAIN = [
    ('opentype/noto/NotoSansCJK-*.ttc', 3.0),
    ('opentype/noto/NotoSerifCJK-*.ttc', 1.2),
    ('opentype/ipaexfont-gothic/*.ttf', 2.0),
    ('opentype/ipaexfont-mincho/*.ttf', 1.0),
    ('opentype/ipafont-gothic/*.ttf', 3.0),
    ('opentype/ipafont-mincho/*.ttf', 1.5),
    ('truetype/takao-gothic/*.ttf', 1.5),
    ('truetype/takao-mincho/*.ttf', 0.8),
    ('truetype/bizud-gothic/*.ttf', 3.0),
    ('truetype/bizud-mincho/*.ttf', 1.2),
    ('truetype/motoya-l-cedar/*.ttf', 1.2),
    ('truetype/motoya-l-maruberi/*.ttf', 1.2),
    ('truetype/sawarabi-gothic/*.ttf', 0.7),
    ('truetype/vlgothic/*.ttf', 2.5),
    ('truetype/horai-umefont/ume-pgo5.ttf', 0.5),
    ('truetype/horai-umefont/ume-pmo3.ttf', 0.5),
]
_HELD_OUT = [('truetype/migmix/migu-1p-*.ttf', 1.0), ('truetype/migmix/migu-2m-regular.ttf', 1.0), ('truetype/migmix/migmix-1m-*.ttf', 1.0), ('truetype/horai-umefont/ume-hgo4.ttf', 0.7), ('truetype/horai-umefont/ume-tms3.ttf', 0.7)]
_LATIN = ['truetype/dejavu/DejaVuSans*.ttf', 'truetype/liberation*/Liberation*-*.ttf', 'truetype/open-sans/*.ttf', 'truetype/lato/*.ttf', 'truetype/roboto/unhinted/**/*.ttf']


def fonts(held_out=False):
    """[(path, weight)]"""
    out = []
    for pattern, weight in _HELD_OUT if held_out else _TRAIN:
        paths = glob.glob(_ROOT + pattern)
        out += [(path, weight / len(paths)) for path in paths]
    return out


@functools.cache
def latin_fonts():
    return sorted(p for pattern in _LATIN for p in glob.glob(_ROOT + pattern, recursive=True))


@functools.lru_cache(4000)
def _font(path, size):
    return ImageFont.truetype(path, size)


@functools.cache
def _missing(path):
    return bytes(_font(path, 24).getmask('\uffff'))


@functools.lru_cache(400_000)
def covers(path, ch):
    mask = _font(path, 24).getmask(ch)
    return ch in ' 　' or (bytes(mask) != _missing(path) and mask.getbbox() is not None)


def draw(rng, text, path, size_px):
    """Grey u8 image, black text on white at `size_px`, cut as a detector would."""
    font = _font(path, size_px)
    spacing = rng.choice([0, 0, 0, 0, rng.uniform(-0.06, 0.25)]) * size_px
    x, places = 0.0, []
    if spacing:
        for ch in text:
            places.append((x, ch))
            x += font.getlength(ch) + spacing
    else:
        places.append((0.0, text))
        x = font.getlength(text)
    margin = size_px
    width, height = int(x + 2 * margin), int(size_px * 3.4)
    image = Image.new('L', (max(width, 8), height), 255)
    pen = ImageDraw.Draw(image)
    top = size_px * 1.1
    for at, ch in places:
        pen.text((margin + at, top), ch, fill=0, font=font)
    left, up, right, down = ImageDraw.Draw(image).textbbox((margin, top), '国g' + text, font=font)
    ink_down, ink_up = (down, up) if rng.random() < 0.7 else (top + size_px * 1.0, top + size_px * 0.05)
    right = margin + x
    # Parts of the lines above and below, and table rules.
    if rng.random() < 0.3:
        pitch = size_px * rng.uniform(1.15, 1.7)
        other = text[::-1]
        for sign in rng.choice([(-1,), (1,), (-1, 1)]):
            pen.text((margin + rng.uniform(-1, 1) * size_px, top + sign * pitch), other, fill=0, font=font)
    grey = np.asarray(image).copy()
    pad_up, pad_down = (rng.uniform(-0.02, 0.28) * size_px for _ in range(2))
    y0, y1 = int(max(0, ink_up - pad_up)), int(min(height, ink_down + pad_down + 1))
    x0, x1 = int(margin - rng.uniform(0.0, 0.5) * size_px), int(right + rng.uniform(0.0, 0.5) * size_px + 1)
    cut = grey[y0:y1, max(0, x0) : min(width, x1)]
    tone = rng.randint(0, 120)
    thick = max(1, int(round(size_px * rng.uniform(0.03, 0.1))))
    if rng.random() < 0.10:
        y = rng.choice([rng.randint(0, 2), cut.shape[0] - 1 - rng.randint(0, 2)])
        cut[max(0, y - thick + 1) : y + 1] = tone
    if rng.random() < 0.08:
        at = rng.choice([rng.uniform(0, 0.12), cut.shape[1] / size_px - rng.uniform(0, 0.12)]) * size_px
        cut[:, int(max(0, at)) : int(max(0, at)) + thick] = tone
    return cut


def photograph(rng, cut):
    """Degrade like a phone camera: resolution, blur, tilt, shading, noise, compression."""
    h, w = cut.shape
    image = cut.astype(np.float32)
    if rng.random() < 0.4:
        angle, shear = rng.gauss(0, 0.7), rng.gauss(0, 0.06)
        matrix = cv2.getRotationMatrix2D((w / 2, h / 2), angle, 1.0)
        matrix[0, 1] += shear
        matrix[0, 2] -= shear * h / 2
        if abs(np.sin(np.radians(angle)) * w) < 0.35 * h:
            image = cv2.warpAffine(image, matrix, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < 0.6:
        sigma = h / 48 * abs(rng.gauss(0, 0.9))
        if sigma > 0.2:
            image = cv2.GaussianBlur(image, (0, 0), sigma)
    elif rng.random() < 0.2:
        length = rng.randint(2, max(2, h // 10))
        kernel = np.ones((1, length), np.float32) / length
        image = cv2.filter2D(image, -1, kernel if rng.random() < 0.5 else kernel.T)
    ink, paper = rng.randint(0, 110), rng.randint(150, 255)
    image = ink + image / 255 * (paper - ink)
    if rng.random() < 0.4:
        ramp = np.linspace(rng.uniform(0.65, 1), rng.uniform(0.65, 1), image.shape[1], dtype=np.float32)
        image *= ramp[None]
    if rng.random() < 0.5:
        image += np.random.randn(*image.shape).astype(np.float32) * rng.uniform(1, 14)
    image = np.clip(image, 0, 255).astype(np.uint8)
    if rng.random() < 0.45:
        image = cv2.imdecode(cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(30, 92)])[1], 0)
    return image


def stretch(image):
    """The reader's own normalisation: 1st and 99th percentile to 0 and 255, dark text on light."""
    low, high = np.percentile(image, (1, 99))
    return np.clip((image.astype(np.float32) - low) * (255 / max(high - low, 16)), 0, 255).astype(np.uint8)


def to_strip(rng, image):
    """48 × W u8. Width squeezed at random so that the reader may squeeze lines to save time."""
    h, w = image.shape
    squeeze = rng.uniform(0.55, 1.0)
    width = max(16, int(round(w * HEIGHT / h * squeeze / 8)) * 8)
    return cv2.resize(image, (width, HEIGHT), interpolation=cv2.INTER_AREA if h > HEIGHT else rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))


def line_strip(rng, text, path):
    """One training strip."""
    size = int(rng.choice([rng.uniform(11, 20), rng.uniform(16, 32), rng.uniform(28, 50)]))
    cut = draw(rng, text, path, size)
    if rng.random() < 0.3:
        # Condensed type, common where space is short.
        cut = cv2.resize(cut, (max(8, int(cut.shape[1] * rng.uniform(0.65, 1.0))), cut.shape[0]), interpolation=cv2.INTER_AREA)
    return to_strip(rng, stretch(photograph(rng, cut)))
