"""Teach the PP-OCRv4 recogniser (Chinese) to read Japanese: frozen convolutional backbone, trained neck and a new character head.

    python3 train.py <ch_PP-OCRv4_rec_infer.onnx> <label-lexicon.json> <out folder> --minutes 60

Needs PyTorch, onnx, OpenCV, Pillow, the fonts named in render.py and EDICT; Node with onnxruntime-node for backbone.mjs.
"""
import argparse
import json
import os
import subprocess
import time

import numpy as np
import onnx
import torch
import torch.nn.functional as F

import columns
import corpus as corpora
import render
from graph import Graph

FEATURES, LOGITS, HEAD_WEIGHT, HEAD_BIAS = 'p2o.AveragePool.1', 'p2o.Add.277', 'linear_85.w_0', 'linear_85.b_0'
HERE = os.path.dirname(os.path.abspath(__file__))
WIDTHS = [320, 400, 480, 560]
BATCH = 12
COLUMN_SHARE = 0.3


class Backbone:
    """The frozen part, in a process of its own."""

    def __init__(self, model_path, cut_path, threads):
        onnx.utils.extract_model(model_path, cut_path, ['x'], [FEATURES], check_model=False)
        self.process = subprocess.Popen(['node', os.path.join(HERE, 'backbone.mjs'), cut_path, str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, strips):
        """strips: n×48×w u8 → n×480×1×(w/8) float16."""
        n, _, w = strips.shape
        self.process.stdin.write(np.array([n, w], np.int32).tobytes() + strips.tobytes())
        self.process.stdin.flush()
        dims = np.frombuffer(self._read(12), np.int32)
        data = np.frombuffer(self._read(4 * int(dims.prod())), np.float32)
        return torch.from_numpy(data.reshape(dims[0], dims[1], 1, dims[2]).copy()).half()

    def _read(self, size):
        data = self.process.stdout.read(size)
        if len(data) != size:
            raise RuntimeError('backbone ended')
        return data


def make_batch(rng, corpus, fonts, width, column_share):
    """(strips u8 n×48×width, label strings); `column_share` of them from vertical type."""
    strips, labels = [], []
    paths, weights = zip(*fonts)
    while len(strips) < BATCH:
        path = rng.choices(paths, weights)[0]
        text = corpus.line(rng, max(1, int(width / rng.uniform(16, 34) * (rng.random() if rng.random() < 0.08 else 1))))
        if text.isascii() and rng.random() < 0.5 and text:
            path = rng.choice(render.latin_fonts())
        text = ''.join(c for c in text if render.covers(path, c) and set(corpora.normalise(c)) <= corpus.known)
        if not text.strip() or (len(text) < 6 and rng.random() < 0.6):
            continue
        if rng.random() < column_share and columns.is_fit(path):
            drawn = columns.strip(rng, text, path, width)
            if drawn is not None and drawn[1].strip():
                strips.append(drawn[0])
                labels.append(corpora.normalise(drawn[1].strip()))
            continue
        strip = render.line_strip(rng, text, path)
        if strip.shape[1] > width:
            # Cut characters off until it fits, by share of the width.
            text = text[: int(len(text) * width / strip.shape[1] * 0.95)].strip()
            if not text:
                continue
            strip = render.line_strip(rng, text, path)
            if strip.shape[1] > width:
                continue
        label = corpora.normalise(text)
        repeats = sum(a == b for a, b in zip(label, label[1:]))
        if len(label) + repeats > strip.shape[1] // 8:
            continue
        strips.append(strip)
        labels.append(label)
    widest = max(strip.shape[1] for strip in strips)
    padded = np.stack([np.pad(strip, ((0, 0), (0, widest - strip.shape[1])), constant_values=int(strip[:, -3:].mean())) for strip in strips])
    return padded, labels


def edit_distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]


def decode(logits, charset):
    out = []
    for path in logits.argmax(-1).tolist():
        out.append(''.join(charset[c - 1] for c, before in zip(path, [0] + path) if c and c != before))
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('model')
    parser.add_argument('lexicon')
    parser.add_argument('out')
    parser.add_argument('--dictionary', default='/usr/share/edict/edict')
    parser.add_argument('--minutes', type=float, default=60)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--replay', type=int, default=2, help='old batches trained on per new batch')
    parser.add_argument('--resume', action='store_true')
    parser.add_argument('--lr', type=float, default=2e-3)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    os.makedirs(args.out, exist_ok=True)
    corpus = corpora.Corpus(args.lexicon, args.dictionary)
    charset = corpus.charset
    index = {c: i + 1 for i, c in enumerate(charset)}
    graph = Graph(args.model, LOGITS)
    split = graph.split(FEATURES)

    old = [p.value for p in graph.model.metadata_props if p.key == 'character'][0].split('\n')
    old_index = {c: i + 1 for i, c in enumerate(old)}
    old_index[' '] = len(old) + 1 if graph.weights[graph.names[HEAD_BIAS]].numel() == len(old) + 2 else len(old)
    w, b = graph.weights[graph.names[HEAD_WEIGHT]].data, graph.weights[graph.names[HEAD_BIAS]].data
    new_w = torch.randn(w.shape[0], len(charset) + 1) * w.std() * 0.5
    new_b = torch.full((len(charset) + 1,), float(b.mean()))
    kept = 0
    for c, i in [('blank', 0), *index.items()]:
        j = 0 if i == 0 else old_index.get(c)
        if j is not None:
            new_w[:, i], new_b[i] = w[:, j], b[j]
            kept += 1
    graph.weights[graph.names[HEAD_WEIGHT]] = torch.nn.Parameter(new_w)
    graph.weights[graph.names[HEAD_BIAS]] = torch.nn.Parameter(new_b)
    corpus.weak = [c for c in charset if c not in old_index]
    print('classes', len(charset), 'kept from the Chinese head', kept, flush=True)
    with open(os.path.join(args.out, 'charset.json'), 'w', encoding='utf8') as file:
        json.dump(charset, file, ensure_ascii=False)

    head_names = {name for node in graph.nodes[split:] for name in node[1] if name in graph.names}
    parameters = [graph.weights[graph.names[name]] for name in sorted(head_names)]
    checkpoint = os.path.join(args.out, 'head.pt')
    if args.resume:
        saved = torch.load(checkpoint)
        for name, value in saved.items():
            graph.weights[graph.names[name]].data.copy_(value)
    optimiser = torch.optim.AdamW(parameters, lr=args.lr, weight_decay=1e-4)

    def logits_of(features):
        # Pooled features feed two places of the neck; nothing else crosses the cut.
        return graph.run({FEATURES: features.float()}, split)[LOGITS]

    def step(features, labels, lr):
        for group in optimiser.param_groups:
            group['lr'] = lr
        log_probs = logits_of(features).log_softmax(-1).transpose(0, 1)
        targets = torch.tensor([index[c] for label in labels for c in label])
        lengths = torch.tensor([len(label) for label in labels])
        steps = torch.full((len(labels),), log_probs.shape[0])
        loss = F.ctc_loss(log_probs, targets, steps, lengths, blank=0, reduction='sum', zero_infinity=True) / lengths.sum()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 3.0)
        optimiser.step()
        return loss.item()

    backbone = Backbone(args.model, os.path.join(args.out, 'backbone.onnx'), args.threads)
    rng = corpora.make_random(99)
    np.random.seed(99)
    validation = []
    for width, share in [(320, 0), (480, 0), (320, 0), (480, 0), (400, 0), (560, 0), (480, 0), (560, 0), (480, 1), (560, 1), (560, 1)]:
        strips, labels = make_batch(rng, corpus, render.fonts(held_out=True), width, share)
        validation.append((share, backbone(strips), labels))

    rng = corpora.make_random(int(time.time()))
    np.random.seed(int(time.time()))
    train_fonts = render.fonts()
    started, done, losses, store = time.time(), 0, [], []
    while True:
        share = (time.time() - started) / (args.minutes * 60)
        if share >= 1:
            break
        lr = args.lr * min(1, (done + 1) / 60) * (0.5 + 0.5 * np.cos(np.pi * share) * 0.96)
        strips, labels = make_batch(rng, corpus, train_fonts, rng.choice(WIDTHS), COLUMN_SHARE)
        features = backbone(strips)
        losses.append(step(features, labels, lr))
        for old_features, old_labels in rng.sample(store, min(len(store), args.replay)):
            step(old_features, old_labels, lr)
        store.append((features, labels))
        if len(store) > 4000:
            store.pop(rng.randrange(len(store)))
        done += 1
        if done % 10 == 0:
            print(f'{(time.time() - started) / 60:.1f} min, {done} batches, loss {np.mean(losses[-10:]):.3f}, lr {lr:.5f}', flush=True)
        if done % 25 == 0:
            torch.save({name: graph.weights[graph.names[name]].data for name in head_names}, checkpoint)
        if done % 100 == 0 or share > 0.995:
            for wanted_share, kind in [(0, 'lines'), (1, 'columns')]:
                errors = total = 0
                samples = []
                for share_of_batch, features, labels in validation:
                    if share_of_batch != wanted_share:
                        continue
                    with torch.no_grad():
                        read = decode(logits_of(features), charset)
                    for got, wanted in zip(read, labels):
                        errors += edit_distance(got, wanted)
                        total += len(wanted)
                        if got != wanted:
                            samples.append((wanted, got))
                print(f'validation CER of {kind} {errors / total:.4f} of {total}', *[f'\n   {a}\n   {b}' for a, b in samples[:4]], flush=True)
            graph.export(os.path.join(args.out, 'japanese-text.tmp.onnx'), {'character': '\n'.join(charset)})
            os.replace(os.path.join(args.out, 'japanese-text.tmp.onnx'), os.path.join(args.out, 'japanese-text.onnx'))


if __name__ == '__main__':
    main()
