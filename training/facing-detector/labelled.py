"""Draw a labelled set of kind `shelf` for `npm run evaluate`: `python3 labelled.py POOL.pkl FOLDER --count 60 --seed 90`.

The truth of scene.py with products, rows (0 = top), positions, blocks, and one pack shot a product. What the app's own rules are fitted on:
goods, fixtures and cameras that no other set has.
"""
import argparse
import json
import os

import cv2
import numpy as np

from scene import Shop, scene

MISSING = (0, .02, .05, .12)  # shares of columns that are gone: fewer than where the net learns


def xywh(b):
    return [round(float(v), 1) for v in (b[0], b[1], b[2] - b[0], b[3] - b[1])]


def pack_shot(package):
    """The front on white, RGB."""
    v = package.views[0]
    k = 320 / v.shape[0]
    v = cv2.resize(v, (max(8, round(320 * package.w / package.h)), round(v.shape[0] * k)), interpolation=cv2.INTER_AREA)
    a = v[..., 3:].astype('f4') / 255
    return cv2.copyMakeBorder((v[..., :3] * a + 255 * (1 - a)).astype('u1'), 24, 24, 24, 24, cv2.BORDER_CONSTANT, value=(255, 255, 255))


def item(s, name_of, file):
    """Truth of one photo in the terms of the evaluation."""
    top = max((p['row'] for p in s.places + s.gap_places), default=0)
    place = lambda p: dict(row=top - p['row'], position=p['position'])
    boxes = [dict(label=name_of[id(p['package'])], bbox=xywh(b), **place(p), level=p['level'], block=p['block']) for b, p in zip(s.boxes, s.places)]
    gaps = [dict(bbox=xywh(b), **place(p), label=name_of[id(p['package'])]) for b, p in zip(s.gaps, s.gap_places)]
    blocks = {}
    for p in s.places + s.gap_places:
        blocks.setdefault((top - p['row'], p['block']), (name_of[id(p['package'])], set()))[1].add(p['position'])
    planogram = [dict(row=r, block=b, label=l, first_position=min(at), facings=len(at)) for (r, b), (l, at) in sorted(blocks.items())]
    return dict(file=file, width=s.im.shape[1], height=s.im.shape[0], boxes=boxes, gaps=gaps, planogram=planogram)


def main():
    p = argparse.ArgumentParser()
    p.add_argument('pool')
    p.add_argument('folder')
    p.add_argument('--count', type=int, default=60)
    p.add_argument('--seed', type=int, default=90)
    p.add_argument('--goods', type=int, default=160)
    a = p.parse_args()
    for sub in ('images', 'gallery'):
        os.makedirs(os.path.join(a.folder, sub), exist_ok=True)
    rng = np.random.default_rng(a.seed)
    shop, items, shown = Shop(a.pool, rng, a.goods), [], set()
    name_of = {id(g): f'g{i:03d}_{g.kind}' for i, g in enumerate(shop.goods)}
    while len(items) < a.count:
        s = scene(shop, rng, int(rng.choice([1024, 1280])), MISSING)
        if not 10 <= len(s.boxes) <= 200:
            continue
        items.append(item(s, name_of, f'images/shelf_{len(items):03d}.jpg'))
        shown |= {b['label'] for b in items[-1]['boxes']} | {g['label'] for g in items[-1]['gaps']}
        cv2.imwrite(os.path.join(a.folder, items[-1]['file']), s.im[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    gallery = []
    for g in shop.goods:
        label = name_of[id(g)]
        if label in shown:
            gallery.append(dict(label=label, file=f'gallery/{label}.png'))
            cv2.imwrite(os.path.join(a.folder, gallery[-1]['file']), pack_shot(g)[..., ::-1])
    with open(os.path.join(a.folder, 'ground_truth.json'), 'w') as f:
        json.dump(dict(task='shelf_drawn', kind='shelf', source=['drawn by this recipe'], licence='own work', redistributable=False,
                       note='as scene.py says; labels are products of this set', count=len(items), classes=[g['label'] for g in gallery],
                       sku_gallery=gallery, items=items), f)
    print(len(items), 'photos', sum(len(i['boxes']) for i in items), 'facings', sum(len(i['gaps']) for i in items), 'gaps')


if __name__ == '__main__':
    main()
