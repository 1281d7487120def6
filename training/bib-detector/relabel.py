"""What the net itself finds on people whose bibs nobody labelled: `python3 relabel.py NET.pt PHOTOS`, in place.

Boxes of .55 and more become labels if they are about as large as those that were labelled; smaller ones, and those of .12 to .55, count neither
way; the rest of such people is ground. Each photo is looked at from
two distances, as it is and mirrored. People found that NanoDet overlooked are added as unsure ones.
"""
import os
import pickle
import sys

import numpy as np
import torch

from boxes import detect
from evaluate import shown
from net import BIB, PERSON, load_checkpoint
from overlap import overlaps, suppress
from samples import SURE, load

SURE_BIB, MAYBE = .55, .12


def looks(net, im):
    """Boxes and scores of people and bibs from two sizes and the mirror, each thing once."""
    out = []
    for side in (640, 1152):
        for flip in (False, True):
            found = detect(net, np.ascontiguousarray(im[:, ::-1]) if flip else im, side, MAYBE)
            for kind in (PERSON, BIB):
                b, s = found[kind]
                if flip and len(b):
                    b = np.stack([im.shape[1] - b[:, 2], b[:, 1], im.shape[1] - b[:, 0], b[:, 3]], 1)
                out.append((kind, b, s))
    kinds = []
    for kind, iou in ((PERSON, .6), (BIB, .4)):
        b = np.concatenate([b for k, b, _ in out if k == kind])
        s = np.concatenate([s for k, _, s in out if k == kind])
        kinds.append(suppress(b, s, iou, .85) if len(b) else (b, s))
    return kinds


def main(checkpoint, folder):
    torch.set_num_threads(1)
    net, added, unsure = load_checkpoint(checkpoint), 0, 0
    for s in load(folder):
        if s['kind'] != 'race' or s['complete']:
            continue
        labelled = s.setdefault('labelled', s['bibs'])
        im, kx, ky = shown(s)
        k = np.array([kx, ky, kx, ky])
        people, (b, p) = looks(net, im)
        free = overlaps(b, labelled * k)[1].max(1) < .1 if len(labelled) and len(b) else np.ones(len(b), bool)
        b, p = b[free], p[free]
        wide = (b[:, 2] - b[:, 0]) / kx
        sure = (p >= SURE_BIB) & (wide >= (.6 * (labelled[:, 2] - labelled[:, 0]).min() if len(labelled) else 26))
        s['bibs'] = np.concatenate([labelled, b[sure] / k]).astype('f4')
        s['unsure'] = (b[~sure] / k).astype('f4')
        old = s.setdefault('nanodet', s['people'])
        fresh = people[1] >= .3
        pb, pp = people[0][fresh], people[1][fresh]
        new = overlaps(pb, old[:, 1:] * k)[0].max(1) < .4 if len(old) and len(pb) else np.ones(len(pb), bool)
        s['people'] = np.concatenate([old, np.concatenate([np.where(pp[new] > .6, pp[new], np.minimum(pp[new], SURE - .01))[:, None], pb[new] / k], 1)]).astype('f4')
        added, unsure = added + int(sure.sum()), unsure + int((~sure).sum())
        path = os.path.join(folder, s['name'] + '.pkl')
        with open(path + '.part', 'wb') as f:
            pickle.dump(s, f)
        os.replace(path + '.part', path)
    print(added, 'bibs added,', unsure, 'unsure')


if __name__ == '__main__':
    main(*sys.argv[1:3])
