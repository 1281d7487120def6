"""Fills a ring of files with looks at drawn bibs while the trainer reads it: `python3 render.py BIBS OUT --ring 60`.

BIBS: folder with boxes.json and images (BIB-Number-Extractor, MIT); only places without a bib in them are used, as backgrounds.
"""
import argparse
import json
import os
import time

import cv2
import numpy as np

from looks import Looks

COUNT = 512  # looks in a file


def backgrounds(folder, rng, count=120):
    """Photos with their bibs painted over by what stands above them."""
    with open(os.path.join(folder, 'boxes.json')) as file:
        items = [item for item in json.load(file)['items'] if item['labelled']]
    found = []
    for i in rng.permutation(len(items))[:count]:
        image = cv2.imread(os.path.join(folder, items[i]['file']))[..., ::-1].copy()
        for x, y, w, h in items[i]['boxes']:
            a, b, c, d = int(x) - 2, int(y) - 2, int(x + w) + 3, int(y + h) + 3
            a, b, c, d = max(0, a), max(0, b), min(image.shape[1], c), min(image.shape[0], d)
            above = image[max(0, b - (d - b)):b, a:c]
            if above.size == 0:
                above = image[d:d + (d - b), a:c]
            if above.size:
                image[b:d, a:c] = cv2.resize(above, (c - a, d - b))
        found.append(image)
    return found


def chunk(looks, count=COUNT):
    some = []
    while len(some) < count:
        some += looks.draw()
    some = some[:count]
    return dict(
        image=np.stack([s['image'] for s in some]),
        text=np.array([s['text'].encode() for s in some], 'S16'),
        ctc=np.array([s['ctc'] for s in some]),
        cut=np.array([s['cut'] for s in some]),
        top=np.stack([s['top'] for s in some]),
        bottom=np.stack([s['bottom'] for s in some]),
    )


def main():
    p = argparse.ArgumentParser()
    p.add_argument('bibs')
    p.add_argument('out')
    p.add_argument('--ring', type=int, default=60, help='files kept; the oldest is replaced')
    p.add_argument('--minutes', type=float, default=60)
    p.add_argument('--seed', type=int, default=0)
    a = p.parse_args()
    cv2.setNumThreads(1)
    os.makedirs(a.out, exist_ok=True)
    rng = np.random.default_rng(a.seed)
    looks = Looks(rng, backgrounds(a.bibs, rng))
    start, n = time.time(), 0
    while time.time() - start < a.minutes * 60:
        path = os.path.join(a.out, f'{a.seed}-{n % a.ring:04}.npz')
        with open(path + '.tmp', 'wb') as file:
            np.savez(file, **chunk(looks))
        os.replace(path + '.tmp', path)
        n += 1
        if n % 10 == 0:
            print(f'{n * COUNT} looks, {(time.time() - start) / n / COUNT * 1000:.1f} ms each', flush=True)


if __name__ == '__main__':
    main()
