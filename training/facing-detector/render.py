"""Fill a ring of scene files while the trainer reads it: `python3 render.py POOL.pkl FOLDER --ring 1500 --seed 1`.

POOL.pkl is written by ../product-embedding/data.py. The oldest scene is replaced once the ring is full.
"""
import argparse
import os
import time

import numpy as np

from samples import store
from scene import Shop, scene


def main():
    p = argparse.ArgumentParser()
    p.add_argument('pool')
    p.add_argument('folder')
    p.add_argument('--ring', type=int, default=1500)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--count', type=int, default=10 ** 9, help='stop after so many')
    a = p.parse_args()
    os.makedirs(a.folder, exist_ok=True)
    rng = np.random.default_rng(a.seed)
    shop, start = Shop(a.pool, rng), time.time()
    for k in range(a.count):
        s = scene(shop, rng, int(rng.choice([896, 1024, 1280])))
        store(os.path.join(a.folder, f'{k % a.ring:05d}.pkl'), s.im, s.boxes, s.gaps, s.ignore, unsure=s.unsure)
        shop.renew(3)
        if k % 50 == 49:
            print(k + 1, f'{(time.time() - start) / (k + 1):.2f} s', flush=True)


if __name__ == '__main__':
    main()
