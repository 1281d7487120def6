"""Training for a fixed time: the loop that all trainers share."""
import time

import numpy as np
import torch.nn as nn

from averaging import Average
from rate import rate


def train_for(args, net, opt, parts_of, names, keep, *, warm, most, clip, say_every):
    """Take steps for `args.minutes`; the average is kept every `args.every` minutes and at the end.

    parts_of(done) -> (the loss, its parts by `names`) of the next batch; done: share of the time that is over. Groups of `opt` may have a `scale` of
    their own. warm: steps until the highest rate; most: the average's memory; clip: of the gradient. keep(average, path) writes a checkpoint.
    """
    average, start, kept, log = Average(net, most), time.time(), 0, []
    while True:
        minutes = (time.time() - start) / 60
        done = minutes / args.minutes
        if done >= 1:
            break
        for g in opt.param_groups:
            g['lr'] = args.lr * g.get('scale', 1) * rate(done, average.step, args.flat, warm)
        loss, parts = parts_of(done)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), clip)
        opt.step()
        average.update()
        log.append([float(v) for v in parts])
        step = average.step
        if step % say_every == 0:
            print(f'{minutes:5.1f} min, step {step}, {(time.time() - start) / step:.2f} s/step, {names}', np.round(np.mean(log, 0), 3), flush=True)
            log = []
        if minutes > args.every * (kept + 1):
            kept += 1
            keep(average, args.out.replace('.pt', f'.{kept}.pt'))
    keep(average, args.out)
    print('done', average.step, 'steps')
