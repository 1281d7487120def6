"""Photos without a shelf as scenes without boxes: `python3 none.py FOLDER`.

CLOTHING: github.com/alexeygrigorev/clothing-dataset (CC0), contributors with even md5(sender_id). EVALUATION: the folder that
holds object_detection, of which every second photo (sorted) is used; the others measure false alarms.
"""
import csv
import glob
import hashlib
import os
import sys

import cv2

from samples import store


def main(out, clothes=120):
    os.makedirs(out, exist_ok=True)
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
    main(sys.argv[1])
