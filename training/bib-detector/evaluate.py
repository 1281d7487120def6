"""Figures of a checkpoint: `python3 evaluate.py NET.pt PHOTOS [--side 640] [--overlay FOLDER]`. PHOTOS is written by data.py.

`fair`: boxes on people whose bib nobody labelled count neither way: in most photos only runners in front are labelled.
"""
import argparse
import os
import time

import cv2
import numpy as np
import torch

from boxes import detect
from net import BIB, PERSON, load_checkpoint
from overlap import average_precision, figures, overlaps

LEAST = .35


def shown(scene, size=2048):
    """The photo with the shape that it was taken with."""
    im = cv2.imdecode(np.frombuffer(scene['jpg'], 'u1'), cv2.IMREAD_COLOR)[..., ::-1]
    h, w = im.shape[:2]
    if not scene['square']:
        return np.ascontiguousarray(im), 1, 1
    kx, ky = (scene['aspect'], 1) if scene['aspect'] > 1 else (1, 1 / scene['aspect'])
    return cv2.resize(im, None, fx=kx, fy=ky, interpolation=cv2.INTER_LINEAR), kx, ky


def unlabelled(boxes, scores, scene, truth, k):
    """Which found bibs lie on a person without a label, and on no label."""
    people = scene['people'][:, 1:] * k
    if not len(boxes) or scene['complete'] or not len(people):
        return np.zeros(len(boxes), bool)
    c = (boxes[:, :2] + boxes[:, 2:]) / 2
    t = (truth[:, :2] + truth[:, 2:]) / 2
    within = lambda p, q: ((q[:, None] > p[None, :, :2]) & (q[:, None] < p[None, :, 2:])).all(2)
    carries = within(people, t).any(0) if len(t) else np.zeros(len(people), bool)
    on = within(people[~carries], c).any(1) if (~carries).any() else np.zeros(len(c), bool)
    near = overlaps(boxes, truth)[0].max(1) > .1 if len(truth) else np.zeros(len(c), bool)
    return on & ~near


def figures_of(net, scenes, side=640, overlay=None):
    found, fair, truth, people, persons, small = [], [], [], [], [], []
    for s in scenes:
        im, kx, ky = shown(s)
        k = np.array([kx, ky, kx, ky])
        looked = detect(net, im, side)
        b, t = looked[BIB], s['bibs'] * k
        found.append(b), truth.append(t)
        x = b[0][b[1] > LEAST]
        tiny = t[(t[:, 2] - t[:, 0]) * side / max(im.shape[:2]) < 22]
        small += list(overlaps(tiny, x)[0].max(1) > .4) if len(x) and len(tiny) else [False] * len(tiny)
        m = ~unlabelled(*b, s, t, k)
        fair.append((b[0][m], b[1][m]))
        sure = s['people'][s['people'][:, 0] >= .42][:, 1:] * k
        people.append(looked[PERSON]), persons.append(sure)
        if overlay:
            draw(os.path.join(overlay, s['name'] + '.jpg'), im, looked, t)
    f, g = figures(found, truth, LEAST), figures(fair, truth, LEAST)
    return f"bibs {sum(map(len, truth))}: AP50 {f['AP50']:.3f} AP {f['AP']:.3f} P {f['P']:.3f} R {f['R']:.3f}; fair AP50 {g['AP50']:.3f} P {g['P']:.3f}; small ({len(small)}) R {np.mean(small or [0]):.3f}; people ({sum(map(len, persons))}) AP50 {average_precision(people, persons, .5):.3f}"


def draw(path, im, looked, truth):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    k = 1100 / max(im.shape[:2])
    o = np.ascontiguousarray(cv2.resize(im, None, fx=k, fy=k, interpolation=cv2.INTER_AREA))
    for kind, c in ((PERSON, (60, 120, 255)), (BIB, (255, 0, 255))):
        for b, s in zip(*looked[kind]):
            if s > LEAST:
                x0, y0, x1, y1 = (b * k).round().astype(int)
                cv2.rectangle(o, (x0, y0), (x1, y1), c, 2 if kind == BIB else 1)
                cv2.putText(o, f'{s:.2f}'[1:], (x0, max(8, y0 - 2)), cv2.FONT_HERSHEY_SIMPLEX, .38, c, 1, cv2.LINE_AA)
    for b in truth * k:
        cv2.rectangle(o, tuple(b[:2].round().astype(int)), tuple(b[2:].round().astype(int)), (0, 200, 0), 1)
    cv2.imwrite(path, o[..., ::-1])


def main():
    p = argparse.ArgumentParser()
    p.add_argument('net')
    p.add_argument('photos')
    p.add_argument('--side', type=int, nargs='+', default=[640])
    p.add_argument('--overlay')
    a = p.parse_args()
    from samples import load
    torch.set_num_threads(1)
    net, scenes = load_checkpoint(a.net), load(a.photos)
    for side in a.side:
        start = time.time()
        print(side, figures_of(net, scenes, side, a.overlay), f'{(time.time() - start) / max(1, len(scenes)):.2f} s each', flush=True)


if __name__ == '__main__':
    main()
