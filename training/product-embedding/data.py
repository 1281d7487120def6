"""Collect the training pictures once into one pickle: `python3 data.py OUT.pkl`.

Folders come from the environment (all are clones, or the project's evaluation folders):
  GROCERY_STORE   github.com/marcusklasson/GroceryStoreDataset (MIT), train split only
  CLOTHING        github.com/alexeygrigorev/clothing-dataset (CC0), contributors with even md5(sender_id) only
  LOGOS           github.com/gilbarbara/logos (CC0), brands that simple-icons does not have only
  SIMPLE_ICONS    npm package simple-icons (CC0): only the names of its icons are read
  EVALUATION      the folder that holds product_identification, product_identification_val, clothing_type, logo_similarity
Left out: the 567 photos of product_identification, GroceryStore val, test and iconic pictures, the clothing_type photos.
"""
import csv
import hashlib
import json
import os
import pickle
import subprocess
import sys

import cv2
import numpy as np

import packs

SIDE = 208  # short side of the cached pictures, px


def items(task):
    """(folder, items of its ground truth) of one evaluation task."""
    root = os.path.join(os.environ['EVALUATION'], task)
    with open(os.path.join(root, 'ground_truth.json')) as f:
        return root, json.load(f)['items']


def is_withheld(c):
    """The 20 of 81 classes that `train.py --withhold` never sees."""
    return c % 4 == 1


def classes():
    """{class id: (name, coarse id, packaged?)} of GroceryStoreDataset."""
    with open(os.path.join(os.environ['GROCERY_STORE'], 'dataset/classes.csv')) as f:
        return {int(r['Class ID (int)']): (r['Class Name (str)'], int(r['Coarse Class ID (int)']), '/Packages/' in r['Iconic Image Path (str)']) for r in csv.DictReader(f)}


def read(path, side=SIDE):
    """uint8 RGB, short side `side` px, long side cut to 4:3; None if it cannot be decoded."""
    im = cv2.imread(path, cv2.IMREAD_COLOR)
    if im is None:
        return None
    r = side / min(im.shape[:2])
    im = cv2.resize(im, (max(side, round(im.shape[1] * r)), max(side, round(im.shape[0] * r))), interpolation=cv2.INTER_AREA)
    h, w = im.shape[:2]
    m = side * 4 // 3
    y, x = max(0, h - m) // 2, max(0, w - m) // 2
    return np.ascontiguousarray(im[y:y + m, x:x + m, ::-1])


def grocery():
    """[(class id, picture)]"""
    kept = {os.path.basename(i['file']) for i in items('product_identification')[1]}
    root, out, dropped = os.path.join(os.environ['GROCERY_STORE'], 'dataset'), [], 0
    with open(os.path.join(root, 'train.txt')) as f:
        for line in f:
            path, c, _ = [t.strip() for t in line.split(',')]
            if f'{int(c):02d}_{os.path.basename(path)}' in kept:
                dropped += 1
            else:
                out.append((int(c), read(os.path.join(root, path))))
    assert dropped == len(kept) == 567, (dropped, len(kept))
    return out


def clothing():
    """[(type index or -1, picture)]"""
    kept = {os.path.splitext(os.path.basename(i['file']))[0] for i in items('clothing_type')[1]}
    with open(os.path.join(os.environ['CLOTHING'], 'images.csv')) as f:
        rows = list(csv.DictReader(f))
    types = sorted({r['label'] for r in rows} - {'Not sure', 'Skip', 'Other'})
    out = []
    for r in rows:
        if int(hashlib.md5(r['sender_id'].encode()).hexdigest(), 16) % 2 or r['image'] in kept:
            continue
        im = read(os.path.join(os.environ['CLOTHING'], 'images', r['image'] + '.jpg'))
        if im is not None:
            out.append((types.index(r['label']) if r['label'] in types else -1, im))
    return out


def logos(limit=900):
    """uint8 [h, w, 4] RGBA pictures of logos."""
    plain = lambda s: ''.join(ch for ch in s.lower().replace('.', 'dot').replace('+', 'plus').replace('&', 'and') if ch.isalnum())
    taken = {plain(os.path.splitext(f)[0]) for f in os.listdir(os.path.join(os.environ['SIMPLE_ICONS'], 'icons'))}
    for i in items('logo_similarity')[1]:
        taken |= {plain(i['label']), plain(i.get('name') or '')}
    with open(os.path.join(os.environ['LOGOS'], 'logos.json')) as f:
        entries = json.load(f)
    out = []
    for e in entries:
        if plain(e['shortname']) in taken or plain(e['name']) in taken or len(out) >= limit:
            continue
        svg = os.path.join(os.environ['LOGOS'], 'logos', e['files'][0])
        png = subprocess.run(['rsvg-convert', '-w', '160', '-h', '160', '-a', svg], capture_output=True)
        im = cv2.imdecode(np.frombuffer(png.stdout, np.uint8), cv2.IMREAD_UNCHANGED) if png.returncode == 0 else None
        if im is not None and im.ndim == 3 and im.shape[2] == 4 and im[..., 3].mean() > 8:
            out.append(np.ascontiguousarray(im[:, :, [2, 1, 0, 3]]))
    return out


def main(out, templates=900):
    rng, info = np.random.default_rng(1), classes()
    g, c, lo = grocery(), clothing(), logos()
    # pictures on invented packs: loose produce, and no class that the withheld net must not see
    centre = [im[SIDE // 5:-SIDE // 5, SIDE // 5:-SIDE // 5] for k, im in g if not info[k][2] and not is_withheld(k)]
    p = packs.render(rng, lo, centre, SIDE, templates)
    print(f'grocery {len(g)}, clothing {len(c)}, logos {len(lo)}, pack templates {len(p)}, fronts {sum(map(len, p))}')
    with open(out, 'wb') as f:
        pickle.dump(dict(grocery=g, clothing=c, packs=p, info=info), f, 4)


if __name__ == '__main__':
    main(sys.argv[1])
