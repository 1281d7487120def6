"""Train for a fixed time on one CPU thread: `python3 train.py OUT.pt --ring RING --minutes 30 --real LIST.json … --choose LIST.json`.

RING is what render.py fills; the lists are those of crops.py. CTC for the characters, L1 for where the line stands, cross entropy for the rest.
The result is the moving average of the weights, bfloat16 arithmetic. OUT.<k>.pt are kept every few minutes.
"""
import argparse
import glob
import math
import os
import time

import numpy as np
import torch
import torch.nn.functional as F

from crops import Crops
from net import ALPHABET, CLASSES, Reader  # first: it finds the folder of the next
from size import STEPS
from timed import train_for

INDEX = {c: i + 1 for i, c in enumerate(ALPHABET)}


class Ring:
    def __init__(self, folder, rng):
        self.folder, self.rng, self.kept, self.uses = folder, rng, [], 0

    def draw(self, n):
        """n looks out of six files, one of which is replaced every few batches."""
        if self.uses % 6 == 0 or not self.kept:
            paths = glob.glob(os.path.join(self.folder, '*.npz'))
            while not paths:
                time.sleep(2)
                paths = glob.glob(os.path.join(self.folder, '*.npz'))
            try:
                with np.load(paths[self.rng.integers(len(paths))]) as data:
                    self.kept.append({name: data[name] for name in data.files})
            except (OSError, ValueError):
                pass  # being replaced
            self.kept = self.kept[-6:]
        self.uses += 1
        found = []
        for _ in range(n):
            data = self.kept[self.rng.integers(len(self.kept))]
            i = self.rng.integers(len(data['text']))
            look = {name: values[i] for name, values in data.items()}
            look['text'] = bytes(look['text']).decode()
            found.append(look)
        return found


def batch_of(looks, rng):
    x = np.stack([look['image'] for look in looks]).astype('f4') / 255
    for i in range(len(x)):  # a file is seen more than once
        if rng.random() < .5:
            x[i] = np.clip(x[i] * math.exp(rng.normal(0, .2)) + rng.normal(0, .05), 0, 1) ** math.exp(rng.normal(0, .15))
        if rng.random() < .15:
            x[i] = x[i][..., rng.permutation(3)]
        if rng.random() < .1:
            x[i] = 1 - x[i]
        if rng.random() < .5:
            x[i] = np.roll(x[i], (rng.integers(-2, 3), 0), (0, 1))
    texts = [look['text'] if look['ctc'] else '' for look in looks]
    tensor = lambda values: torch.from_numpy(np.array(values))
    return dict(
        x=torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last),
        targets=torch.tensor([INDEX[c] for t in texts for c in t], dtype=torch.long),
        lengths=torch.tensor([len(t) for t in texts]),
        ctc=tensor([float(bool(look['ctc'])) for look in looks]),
        cut=tensor([[float(v) for v in look['cut']] for look in looks]),
        top=tensor([look['top'] for look in looks]),
        bottom=tensor([look['bottom'] for look in looks]),
        placed=tensor([float(look.get('placed', True)) for look in looks]),
        aligned=aligned(looks),
    )


def aligned(looks):
    """[n, STEPS] classes that whole numbers ought to have where their characters stand, were all of them equally wide; -100 where that tells nothing.

    CTC alone takes long to find out that anything but blank pays.
    """
    wanted = np.full((len(looks), STEPS), -100)
    for row, look in zip(wanted, looks):
        here = np.flatnonzero(~np.isnan(look['top']))
        n = len(look['text'])
        if not look['ctc'] or not look.get('placed', True) or np.any(look['cut']):
            continue
        row[:] = 0
        if not n or not len(here):
            continue
        each = (here[-1] + 1 - here[0]) / n
        if each < 2:
            row[:] = -100
            continue
        at = (here + .5 - here[0]) / each
        k = np.minimum(at.astype(int), n - 1)
        off = np.abs(at - k - .5)
        classes = np.array([INDEX[c] for c in look['text']])[k]
        row[here] = np.where(off < max(.2, .5 / each), classes, np.where(off > .4, 0, -100))
    return torch.from_numpy(wanted)


def losses(net, b):
    with torch.autocast('cpu', dtype=torch.bfloat16):
        steps, cut = net(b['x'])
    steps, cut = steps.float(), cut.float()
    log = steps[..., :CLASSES].log_softmax(-1).transpose(0, 1)
    n = log.shape[1]
    ctc = F.ctc_loss(log, b['targets'], torch.full((n,), log.shape[0]), b['lengths'], blank=0, reduction='none', zero_infinity=True)
    ctc = (ctc * b['ctc'] / b['lengths'].clamp(min=1)).sum() / b['ctc'].sum().clamp(min=1)
    here = ~torch.isnan(b['top'])
    placed = b['placed'][:, None].expand_as(here)
    inside = (F.binary_cross_entropy_with_logits(steps[..., CLASSES], here.float(), reduction='none') * placed).sum() / placed.sum().clamp(min=1)
    wanted = torch.stack([b['top'], b['bottom']], -1)[here]
    place = (steps[..., CLASSES + 1:][here] - wanted).abs().mean() if here.any() else steps.sum() * 0
    known = (b['cut'] >= 0).float()
    hidden = (F.binary_cross_entropy_with_logits(cut, b['cut'].clamp(min=0), reduction='none') * known).sum() / known.sum().clamp(min=1)
    along = F.cross_entropy(steps[..., :CLASSES].transpose(1, 2), b['aligned'], ignore_index=-100)
    return ctc, inside, place, hidden, along


def decode(log):
    """Greedy. log: [n, steps, CLASSES]."""
    found = []
    for path in log.argmax(-1).tolist():
        found.append(''.join(ALPHABET[c - 1] for c, before in zip(path, [0] + path) if c and c != before))
    return found


def right(net, choose):
    images, texts = choose
    with torch.no_grad():
        x = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
        read = decode(torch.cat([net(part)[0] for part in x.split(64)])[..., :CLASSES])
    return np.mean([a == b for a, b in zip(read, texts)]), [(b, a) for a, b in zip(read, texts) if a != b]


def main():
    p = argparse.ArgumentParser()
    p.add_argument('out')
    p.add_argument('--ring', required=True)
    p.add_argument('--real', nargs='*', default=[])
    p.add_argument('--choose', nargs='*', default=[])
    p.add_argument('--share', type=float, default=.15, help='of real crops in a batch')
    p.add_argument('--minutes', type=float, default=30)
    p.add_argument('--start')
    p.add_argument('--batch', type=int, default=48)
    p.add_argument('--lr', type=float, default=2e-3)
    p.add_argument('--flat', type=float, default=.4, help='share of the time before the rate falls')
    p.add_argument('--guided', type=float, default=.35, help='share of the time in which characters are told where they stand, less and less')
    p.add_argument('--seed', type=int, default=0)
    p.add_argument('--every', type=float, default=4, help='minutes between kept checkpoints')
    a = p.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(a.seed)
    rng = np.random.default_rng(a.seed)
    ring = Ring(a.ring, rng)
    real = Crops(a.real, rng) if a.real else None
    choose = [(path, Crops([path], rng).plain()) for path in a.choose]
    net = Reader()
    if a.start:
        net.load_state_dict(torch.load(a.start)['net'])
    print(sum(w.numel() for w in net.parameters()), 'parameters', flush=True)
    net = net.to(memory_format=torch.channels_last).train()
    opt = torch.optim.AdamW(net.parameters(), lr=a.lr, weight_decay=.02)

    def keep(average, path):
        average.save(path, a)
        judge = Reader()
        judge.load_state_dict(average.state)
        judge.eval()
        for source, some in choose:
            share, wrong = right(judge, some)
            print(f'   {source}: {share:.3f} right', wrong[:6], flush=True)

    def parts_of(done):
        n = int(round(a.batch * a.share)) if real else 0
        parts = losses(net, batch_of(ring.draw(a.batch - n) + [real.draw() for _ in range(n)], rng))
        return parts[0] + .5 * parts[1] + 3 * parts[2] + .5 * parts[3] + 2 * max(0, 1 - done / a.guided) * parts[4], parts

    train_for(a, net, opt, parts_of, 'ctc/inside/place/cut/aligned', keep, warm=100, most=.997, clip=5.0, say_every=50)


if __name__ == '__main__':
    main()
