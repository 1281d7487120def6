"""Invented package fronts, drawn with real fonts, for training.

A template is one brand: layout, colours, brand word or CC0 logo, type faces. Its flavours share all of that and differ in
one accent colour, one flavour word and one picture, as the members of a real product family do: hard negatives.
Pictures are cut-outs of GroceryStoreDataset train photos (MIT). No real brand name is written.
"""
import colorsys
import os

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONT_DIRS = ('/usr/share/fonts/truetype', '/usr/share/fonts/opentype')
FLAVOURS = ('apple orange lemon cherry vanilla mango banana pear peach lime berry cocoa coffee honey mint ginger tomato basil '
            'pepper garlic onion carrot spinach mushroom natural light classic original plain sweet salted spicy smoked mild '
            'strong zero whole skimmed organic rich').split()
KINDS = 'milk juice yoghurt tea coffee soup sauce pasta rice flour sugar oats muesli crackers biscuits chips butter cheese drink'.split()
FLAVOURS_JA = 'りんご みかん レモン いちご 抹茶 ぶどう もも 塩 醤油 味噌 カレー 甘口 辛口 低脂肪 無糖 濃厚 バナナ ごま のり わさび'.split()
KINDS_JA = '牛乳 緑茶 麦茶 豆腐 納豆 米 味噌汁 お菓子 ラーメン うどん ヨーグルト ジュース せんべい 珈琲 豆乳 水'.split()


def fonts():
    """Paths of usable faces: Latin ones and CJK ones."""
    every = [os.path.join(d, f) for root in FONT_DIRS for d, _, fs in os.walk(root) for f in fs if f.endswith(('.ttf', '.otf', '.ttc'))]
    every = sorted(f for f in every if not any(w in f for w in ('Math', 'Symbols', 'D050000L', 'Fallback', 'Mono')))
    return [f for f in every if 'CJK' not in f], [f for f in every if 'CJK' in f]


def colour(rng, h=None):
    h = rng.random() if h is None else h
    return tuple(int(255 * v) for v in colorsys.hsv_to_rgb(h % 1, rng.uniform(0, 1) ** .5, rng.uniform(.15, 1)))


def word(rng):
    """A pronounceable word that is nobody's brand."""
    return ''.join(rng.choice(list('bcdfgklmnprstvz')) + rng.choice(list('aeiou')) for _ in range(rng.integers(2, 4))) + rng.choice(['', 'n', 's', 'x'])


def text(draw, rng, xy, string, path, height, fill, width, anchor='mm'):
    font = ImageFont.truetype(path, max(8, int(height)))
    over = font.getlength(string) / max(width, 1)
    if over > 1:
        font = ImageFont.truetype(path, max(7, int(height / over)))
    draw.text(xy, string, font=font, fill=fill, anchor=anchor)


def template(rng, logos, faces):
    """Everything that the flavours of one brand share."""
    latin, cjk = faces
    ja = len(cjk) > 0 and rng.random() < .35
    pick = lambda: str(rng.choice(cjk if ja else latin))
    return dict(ratio=rng.uniform(.55, 1.15), base=colour(rng), second=colour(rng), ink=colour(rng), panel=int(rng.integers(0, 6)), at=rng.uniform(.3, .7),
                brand=word(rng), brand_face=str(rng.choice(latin)), face=pick(), brand_y=rng.uniform(.1, .3), brand_h=rng.uniform(.1, .22),
                logo=int(rng.integers(len(logos))) if rng.random() < .6 else -1, logo_w=rng.uniform(.3, .75), mono=rng.random() < .3,
                kind=str(rng.choice(KINDS_JA if ja else KINDS)), ja=ja, kind_y=rng.uniform(.35, .55), flavour_y=rng.uniform(.5, .7),
                pic_xy=rng.uniform((.3, .65), (.7, .85)), pic_r=rng.uniform(.12, .26), pic=rng.random() < .75, lines=int(rng.integers(0, 5)),
                upper=rng.random() < .5, whole=rng.random() < .25, seed=int(rng.integers(1 << 30)))


def front(t, rng, logos, pictures, side):
    """One flavour of template `t` -> uint8 [side, w, 3] RGB."""
    h, w = side, max(96, int(side * t['ratio']))
    accent = colour(rng)
    base = accent if t['whole'] else t['base']
    im = Image.new('RGB', (w, h), base)
    d = ImageDraw.Draw(im)
    y = t['at'] * h
    band = t['second'] if t['whole'] else accent
    if t['panel'] == 0:
        d.rectangle((0, y, w, y + h * .25), fill=band)
    elif t['panel'] == 1:
        d.ellipse((-w * .3, y, w * 1.3, h * 1.5), fill=band)
    elif t['panel'] == 2:
        d.polygon([(0, y), (w, y - h * .2), (w, h), (0, h)], fill=band)
    elif t['panel'] == 3:
        d.rectangle((0, 0, w, h * .12), fill=band), d.rectangle((0, h * .88, w, h), fill=band)
    elif t['panel'] == 4:
        d.rectangle((w * .1, y, w * .9, h * .95), fill=t['second']), d.rectangle((w * .1, y, w * .9, y + h * .08), fill=band)
    else:
        for k in range(5):
            d.rectangle((w * k / 5, 0, w * (k + .5) / 5, h), fill=band)
        d.rectangle((0, h * .2, w, h * .8), fill=base)
    if t['pic'] and pictures:
        r = int(t['pic_r'] * h)
        p = Image.fromarray(pictures[rng.integers(len(pictures))]).resize((2 * r, 2 * r))
        m = Image.new('L', p.size, 0)
        ImageDraw.Draw(m).ellipse((0, 0, 2 * r, 2 * r), fill=255)
        im.paste(p, (int(t['pic_xy'][0] * w) - r, int(t['pic_xy'][1] * h) - r), m)
    flavour = str(rng.choice(FLAVOURS_JA if t['ja'] else FLAVOURS))
    case = str.upper if t['upper'] else str.capitalize
    if t['logo'] >= 0:
        lo = logos[t['logo']]
        s = min(t['logo_w'] * w / lo.shape[1], .35 * h / lo.shape[0])
        lo = Image.fromarray(lo).resize((max(8, int(lo.shape[1] * s)), max(8, int(lo.shape[0] * s))))
        fill = Image.new('RGB', lo.size, t['ink']) if t['mono'] else lo.convert('RGB')
        im.paste(fill, ((w - lo.width) // 2, int(t['brand_y'] * h) - lo.height // 3), lo.getchannel('A'))
    else:
        text(d, rng, (w / 2, t['brand_y'] * h), case(t['brand']), t['brand_face'], t['brand_h'] * h, t['ink'], .9 * w)
    text(d, rng, (w / 2, t['kind_y'] * h), case(t['kind']), t['face'], .08 * h, t['ink'], .8 * w)
    text(d, rng, (w / 2, t['flavour_y'] * h), case(flavour), t['face'], .1 * h, t['ink'] if t['panel'] == 5 else tuple(255 - v for v in accent), .85 * w)
    small = np.random.default_rng(t['seed'])
    for k in range(t['lines']):
        text(d, small, (w / 2, (.93 - .03 * k) * h), ' '.join(word(small) for _ in range(5)), t['brand_face'], .025 * h, t['ink'], .8 * w)
    return np.asarray(im)


def render(rng, logos, pictures, side, templates):
    """-> list over templates of lists of 2-4 fronts, each uint8 [side, w, 3] RGB."""
    faces = fonts()
    out = []
    for _ in range(templates):
        t = template(rng, logos, faces)
        out.append([front(t, rng, logos, pictures, side) for _ in range(rng.integers(2, 5))])
    return out
