"""Figures of a checkpoint: `python3 evaluate.py NET.pt SET … [--side 832] [--least .35] [--overlay FOLDER] [--first N]`.

SET is a folder with ground_truth.json of kind `shelf`, or one with boxes.json (items: file, width, height, boxes [x, y, w, h],
complete); of the latter only complete photos count. `--none FOLDER`: photos without a shelf, counts what is found there.
"""
import argparse
import glob
import json
import os
import time

import cv2
import numpy as np
import torch

from boxes import detect
from net import load_checkpoint
from overlap import figures


def photos(folder):
    """[(path, facings [n, 4] x0 y0 x1 y1, gaps or None)]"""
    own = os.path.join(folder, 'ground_truth.json')
    with open(own if os.path.exists(own) else os.path.join(folder, 'boxes.json')) as f:
        data = json.load(f)
    corners = lambda rows: np.array([[x, y, x + w, y + h] for x, y, w, h in rows], float).reshape(-1, 4)
    out = []
    for i in data['items']:
        path = os.path.join(folder, i['file'])
        if os.path.exists(own):
            out.append((path, corners([b['bbox'] for b in i['boxes']]), corners([g['bbox'] for g in i['gaps']])))
        elif i['complete']:
            out.append((path, corners(i['boxes']), corners(i['gaps']) if 'gaps' in i else None))
    return out


def read(path):
    return np.ascontiguousarray(cv2.imread(path, cv2.IMREAD_COLOR)[..., ::-1])


def main():
    p = argparse.ArgumentParser()
    p.add_argument('net')
    p.add_argument('sets', nargs='*')
    p.add_argument('--side', type=int, default=832)
    p.add_argument('--least', type=float, default=.35)
    p.add_argument('--gap-least', type=float, default=.3)
    p.add_argument('--overlay')
    p.add_argument('--first', type=int, default=10 ** 6)
    p.add_argument('--none', nargs='*', default=[])
    a = p.parse_args()
    torch.set_num_threads(1)
    net = load_checkpoint(a.net)
    look = lambda im: detect(net, im, a.side)
    for folder in a.sets:
        found, truth, gaps, places, start = [], [], [], [], time.time()
        for path, boxes, holes in photos(folder)[:a.first]:
            im = read(path)
            facings, empty = look(im)
            found.append(facings), truth.append(boxes)
            if holes is not None:
                gaps.append(empty), places.append(holes)
            if a.overlay:
                draw(os.path.join(a.overlay, os.path.basename(path)), im, facings, empty, boxes, a)
        f = figures(found, truth, a.least)
        if not found:
            continue
        print(os.path.basename(folder.rstrip('/'))[:40], f'{len(found)} photos, {sum(map(len, truth))} facings;', ' '.join(f'{k} {v:.3f}' for k, v in f.items()), end='')
        if places:
            g = figures(gaps, places, a.gap_least)
            print(f"; gaps {sum(map(len, places))}: AP50 {g['AP50']:.3f} F1 {g['F1']:.3f}", end='')
        print(f'; {(time.time() - start) / len(found):.2f} s each', flush=True)
    for folder in a.none:
        files = sorted(glob.glob(folder + '/**/*.jpg', recursive=True) + glob.glob(folder + '/**/*.png', recursive=True))[:a.first]
        counts = [int((look(read(f))[0][1] > a.least).sum()) for f in files]
        print(folder, f'{len(files)} photos: {sum(counts)} found, none on {sum(c == 0 for c in counts)}, most {max(counts)}')


def draw(path, im, facings, empty, truth, a):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    k = 1400 / max(im.shape[:2])
    o = cv2.resize(im, None, fx=k, fy=k, interpolation=cv2.INTER_AREA)
    for boxes, c, t in ((truth, (0, 200, 0), 1), (facings[0][facings[1] > a.least], (255, 0, 255), 2), (empty[0][empty[1] > a.gap_least], (255, 60, 0), 3)):
        for b in boxes * k:
            cv2.rectangle(o, (int(b[0]), int(b[1])), (int(b[2]), int(b[3])), c, t)
    cv2.imwrite(path, o[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])


if __name__ == '__main__':
    main()
