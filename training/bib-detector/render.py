"""Fill a ring of samples while the trainer reads it: `python3 render.py PHOTOS FOLDER --ring 3000 --seed 1`.

PHOTOS is written by data.py. The oldest sample is replaced once the ring is full.
"""
import argparse
import glob
import os
import pickle
import time

import cv2
import numpy as np

from samples import Painter, load, sample


def store(path, s):
    """Write one sample whole; a reader never sees half of it."""
    s = dict(s, im=cv2.imencode('.png', s['im'], [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes())
    with open(path + '.part', 'wb') as f:
        pickle.dump(s, f)
    os.replace(path + '.part', path)


def main():
    p = argparse.ArgumentParser()
    p.add_argument('photos')
    p.add_argument('folder')
    p.add_argument('--ring', type=int, default=3000)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--side', type=int, default=448)
    p.add_argument('--none', type=float, default=.22, help='share of pictures without a race')
    p.add_argument('--count', type=int, default=10 ** 9, help='stop after so many')
    a = p.parse_args()
    os.makedirs(a.folder, exist_ok=True)
    rng = np.random.default_rng(a.seed)
    scenes = load(a.photos)
    race, none = [s for s in scenes if s['kind'] == 'race'], [s for s in scenes if s['kind'] == 'none']
    coco = [s for s in none if s['name'].startswith('coco')]
    painter, start = Painter(rng), time.time()
    for k in range(a.count):
        pick = race if rng.random() >= a.none or not none else coco if coco and rng.random() < .5 else none
        s = dict(pick[rng.integers(len(pick))])
        s['picture'] = cv2.imdecode(np.frombuffer(s['jpg'], 'u1'), cv2.IMREAD_COLOR)[..., ::-1]
        store(os.path.join(a.folder, f'{k % a.ring:05d}.pkl'), sample(s, a.side, rng, painter))
        if k % 200 == 199:
            print(k + 1, f'{(time.time() - start) / (k + 1):.3f} s', flush=True)


if __name__ == '__main__':
    main()
