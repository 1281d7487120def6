"""Collect the photos: `python3 data.py FOLDER --bibs REPOSITORIES`; states every source and what is left out.

REPOSITORIES holds devashishbotre+BIB-Number-Extractor and JipWulffele+dossard_photo_finder, each with boxes.json (items: file, width,
height, stem, labelled, boxes [x, y, w, h]) and its photos. EVALUATION: the folder of object_detection. CLOTHING: clothing-dataset.
NANODET_JSON: see train.py. Writes FOLDER/train and FOLDER/choose: one pickle a photo,
dict(name, kind, jpg, shape, aspect, people=[n, 5] (score, x0, y0, x1, y1), bibs=[m, 4], complete, group); boxes in pixels of the stored picture.

`aspect`: width / height that the photo had before it was stored (BIB-Number-Extractor stretched all to squares); `complete`: every bib is
labelled. People of race photos are NanoDet's answers, those of object_detection its labels.
"""
import argparse
import csv
import glob
import hashlib
import json
import os
import pickle

import cv2
import numpy as np
import torch

import net  # noqa: F401  (finds the folder of the next)
from overlap import suppress
from people import SIDE, NanoDet

CHOOSE = 5  # every fifth group is kept for choosing


def race_photos(root):
    own = os.path.join(root, 'devashishbotre+BIB-Number-Extractor')
    with open(os.path.join(own, 'boxes.json')) as f:
        items = [i for i in json.load(f)['items'] if i['labelled']]
    # The stem is an object id: its first four bytes are the second it was made, so one upload stays on one side.
    groups = sorted({i['stem'][:6] for i in items})
    for i in items:
        g = groups.index(i['stem'][:6])
        yield dict(path=os.path.join(own, i['file']), name=i['stem'], kind='race', boxes=i['boxes'], complete=False, group=g, choose=g % CHOOSE == 2, square=True)
    own = os.path.join(root, 'JipWulffele+dossard_photo_finder')
    with open(os.path.join(own, 'boxes.json')) as f:
        for i in json.load(f)['items']:
            yield dict(path=os.path.join(own, i['file']), name=os.path.basename(i['file'])[:-4], kind='race', boxes=i['boxes'], complete=True, group=-1, choose=True, square=False)


def other_photos(clothes=110):
    root = os.path.join(os.environ['EVALUATION'], 'object_detection')
    with open(os.path.join(root, 'ground_truth.json')) as f:
        items = sorted(json.load(f)['items'], key=lambda i: i['file'])
    for k, i in enumerate(items[::2]):
        people = [[1, x, y, x + w, y + h] for x, y, w, h in (b['bbox'] for b in i['boxes'] if b['label'] == 'person')]
        yield dict(path=os.path.join(root, i['file']), name=f'coco-{k:03d}', kind='none', boxes=[], complete=True, group=-2, choose=False, square=False, people=people)
    with open(os.path.join(os.environ['CLOTHING'], 'images.csv')) as f:
        rows = [r['image'] for r in csv.DictReader(f) if not int(hashlib.md5(r['sender_id'].encode()).hexdigest(), 16) % 2]
    for i in rows[::max(1, len(rows) // clothes)]:
        yield dict(path=os.path.join(os.environ['CLOTHING'], 'images', i + '.jpg'), name='clothes-' + i, kind='none', boxes=[], complete=True, group=-3, choose=False, square=False)


def people_of(scenes, model):
    """NanoDet's people of every scene that has none yet, in pixels of the stored picture."""
    nanodet, todo = NanoDet(model), [s for s in scenes if s['people'] is None]
    for k, s in enumerate(todo):
        im = cv2.imdecode(np.frombuffer(s['jpg'], 'u1'), cv2.IMREAD_COLOR)
        h, w = im.shape[:2]
        a = s['aspect']
        kx, ky = (SIDE / w, SIDE / a / h) if a > 1 else (SIDE * a / w, SIDE / h)
        small = cv2.resize(im, (round(w * kx), round(h * ky)), interpolation=cv2.INTER_AREA)
        frame = np.full((SIDE, SIDE, 3), 114, 'u1')
        frame[:small.shape[0], :small.shape[1]] = small
        found = nanodet.people(frame)
        b = np.clip(found[:, 1:] / [kx, ky, kx, ky], 0, [w, h, w, h])
        if len(b):
            b, p = suppress(b, found[:, 0], .55, .9)
            found = np.concatenate([p[:, None], b], 1)
        s['people'] = found
        if k % 40 == 0:
            print('people', k, 'of', len(todo), flush=True)


def aspect_of(scene):
    """Squares were 3:2, seldom 2:3: then bibs (else 1.25 times as wide as high) and people (0.38 times) look much too wide."""
    b, p = scene['bibs'], scene['people']
    p = p[(p[:, 0] > .45) & (p[:, 4] - p[:, 2] > 60)] if p is not None else np.zeros((0, 5))
    logs = [np.log((b[:, 2] - b[:, 0]) / (b[:, 3] - b[:, 1]) / 1.25)] if len(b) else []
    logs += [np.log((p[:, 3] - p[:, 1]) / (p[:, 4] - p[:, 2]) / .38)] if len(p) else []
    k = -np.median(np.concatenate(logs)) if logs else np.log(1.5)
    return 1.5 if k > -.3 else 2 / 3


def main():
    torch.set_num_threads(1)
    p = argparse.ArgumentParser()
    p.add_argument('out')
    p.add_argument('--bibs', required=True)
    a = p.parse_args()
    scenes = []
    for s in [*race_photos(a.bibs), *other_photos()]:
        im = cv2.imread(s['path'], cv2.IMREAD_COLOR)
        if im is None:
            continue
        k = min(1, (1024 if s['kind'] == 'none' else 2048) / max(im.shape[:2]))
        if k < 1:
            im = cv2.resize(im, None, fx=k, fy=k, interpolation=cv2.INTER_AREA)
        h, w = im.shape[:2]
        corners = np.array([[x, y, x + bw, y + bh] for x, y, bw, bh in s['boxes']], 'f4').reshape(-1, 4) * k
        scenes.append(dict(name=s['name'], kind=s['kind'], jpg=cv2.imencode('.jpg', im, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes(), shape=(h, w),
                           aspect=1.5 if s['square'] else w / h, square=s['square'], bibs=corners, complete=s['complete'], group=s['group'], choose=s['choose'],
                           people=np.array(s['people'], 'f4').reshape(-1, 5) * [1, k, k, k, k] if 'people' in s else None))
    for s in scenes:
        if s['square']:
            s['aspect'] = aspect_of(s)
    people_of(scenes, os.environ['NANODET_JSON'])
    for s in scenes:
        if s['square']:
            s['aspect'] = aspect_of(s)
        folder = os.path.join(a.out, 'choose' if s['choose'] else 'train')
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, s['name'] + '.pkl'), 'wb') as f:
            pickle.dump(s, f)
    for side in ('train', 'choose'):
        mine = [s for s in scenes if s['choose'] == (side == 'choose')]
        print(side, len(mine), 'photos,', sum(len(s['bibs']) for s in mine), 'bibs,', sum(int((s['people'][:, 0] >= .42).sum()) for s in mine), 'people')


if __name__ == '__main__':
    main()
