"""Identify the val photos against the gallery photos. The class score is the best gallery photo's unless said otherwise.

`python3 evaluate.py NET [--size 192] [--views 1|4] [--colour] [--rules] [--among]` prints top-1/top-5 in %, with standard errors.
NET: a checkpoint of train.py, or an .onnx file (needs the Python package onnxruntime).
"""
import argparse
import os

import cv2
import numpy as np

import data


def load(task='product_identification_val'):
    """RGB uint8 pictures, label ids [n], is-query mask [n]."""
    root, it = data.items(task)
    ims = [np.ascontiguousarray(cv2.imread(os.path.join(root, i['file']), cv2.IMREAD_COLOR)[:, :, ::-1]) for i in it]
    return ims, np.array([i['label_id'] for i in it]), np.array([i['role'] == 'query' for i in it])


def square(im, size):
    """Stretched to size x size."""
    return cv2.resize(im, (size, size), interpolation=cv2.INTER_AREA)


def runner(path, quick=False):
    """float32 [n, 3, h, w] -> float32 [n, d], from a checkpoint (`quick`: in bfloat16) or an ONNX file."""
    if path.endswith('.onnx'):
        import onnxruntime
        s = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
        return lambda x: s.run(None, {'image': x})[0]
    import torch
    from net import load_checkpoint
    net = load_checkpoint(path).to(memory_format=torch.channels_last)

    def run(x):
        with torch.no_grad(), torch.autocast('cpu', dtype=torch.bfloat16, enabled=quick):
            return net(torch.from_numpy(x).to(memory_format=torch.channels_last)).float().numpy()
    return run


def embed(run, ims, size=192, views=1):
    """Unit vectors [n, d]; views = 4 averages the full picture, its middle 80 % and both mirrored."""
    total = 0
    for v in range(views):
        a = []
        for im in ims:
            if v & 1:
                y, x = im.shape[0] // 10, im.shape[1] // 10
                im = im[y:-y, x:-x]
            a.append(square(im, size)[:, ::-1] if v & 2 else square(im, size))
        a = np.stack(a).transpose(0, 3, 1, 2)
        total = total + np.concatenate([run(np.ascontiguousarray(a[i:i + 32], np.float32) / 255) for i in range(0, len(a), 32)])
    return total / np.linalg.norm(total, axis=1, keepdims=True)


def colour(ims):
    """Root of a soft-centred HSV histogram, whole picture (102 bins) and four quadrants at half weight: unit vectors [n, 510]."""
    out = []
    yy, xx = np.mgrid[0:128, 0:128] / 127 - .5
    weight, quadrant = np.exp(-(xx ** 2 + yy ** 2) / .12).ravel(), ((yy > 0) * 2 + (xx > 0)).ravel()
    for im in ims:
        h, s, v = cv2.cvtColor(square(im, 128), cv2.COLOR_RGB2HSV).reshape(-1, 3).T.astype(int)
        b = np.where(s < 40, 90 + v // 22, (h // 12 % 15) * 6 + (s > 128) * 3 + v // 86)
        f = [np.bincount(b, weight, 102)] + [np.bincount(b[quadrant == k], weight[quadrant == k], 102) * .5 for k in range(4)]
        f = np.sqrt(np.concatenate(f))
        out.append(f / np.linalg.norm(f))
    return np.stack(out)


def ranks(s, ql, gl, top=1):
    """1-based rank of the right class per query from similarities [queries, gallery]; class score = mean of its `top` best."""
    cl = np.unique(gl)
    c = np.stack([np.sort(s[:, gl == k], 1)[:, -top:].mean(1) for k in cl], 1)
    own = c[np.arange(len(ql)), np.searchsorted(cl, ql)]
    return 1 + (c > own[:, None]).sum(1)


def zscore(s):
    """Each query's similarities with mean 0 and deviation 1, before two kinds are added."""
    return (s - s.mean(1, keepdims=True)) / s.std(1, keepdims=True)


def report(name, r, ql, info):
    """Print and return {group: (top-1, top-5, count)} in %."""
    packed, new = np.array([info[k][2] for k in ql]), np.array([data.is_withheld(k) for k in ql])
    groups = dict(all=np.ones(len(ql), bool), packaged=packed, loose=~packed, withheld=new, others=~new)
    out = {g: (100 * (r[m] <= 1).mean(), 100 * (r[m] <= 5).mean(), int(m.sum())) for g, m in groups.items()}
    print(f'{name:28s} ' + ' | '.join(f'{g} {a:.1f}±{np.sqrt(a * (100 - a) / n):.1f} / {b:.1f} ({n})' for g, (a, b, n) in out.items()), flush=True)
    return out


def among(x, c, lab, info):
    """Leave one out: embeddings x [n, d] and colours c [n, k] of the queries against each other."""
    s, t = x @ x.T, c @ c.T
    for name, m in (('embedding', s), ('colour', t), ('embedding + 0.3 colour (z)', zscore(s) + .3 * zscore(t))):
        np.fill_diagonal(m, -9)
        report(name, ranks(m, lab, lab), lab, info)


def main():
    p = argparse.ArgumentParser()
    p.add_argument('net')
    p.add_argument('--task', default='product_identification_val')
    p.add_argument('--size', type=int, default=192)
    p.add_argument('--views', type=int, default=1)
    p.add_argument('--colour', action='store_true')
    p.add_argument('--rules', action='store_true')
    p.add_argument('--among', action='store_true', help='each query against the other queries, as if their shop were enrolled')
    a = p.parse_args()
    (ims, lab, q), info = load(a.task), data.classes()
    x = embed(runner(a.net), ims, a.size, a.views)
    if a.among:
        among(x[q], colour([im for im, k in zip(ims, q) if k]), lab[q], info)
        return
    s = x[q] @ x[~q].T
    report('embedding', ranks(s, lab[q], lab[~q]), lab[q], info)
    if a.rules:
        report('mean of 2 best photos', ranks(s, lab[q], lab[~q], 2), lab[q], info)
        report('mean of all photos', ranks(s, lab[q], lab[~q], 99), lab[q], info)
    if a.colour:
        c = colour(ims)
        t = c[q] @ c[~q].T
        report('colour', ranks(t, lab[q], lab[~q]), lab[q], info)
        for w in (.1, .2, .3, .5, .75):
            report(f'embedding + {w} colour (z)', ranks(zscore(s) + w * zscore(t), lab[q], lab[~q]), lab[q], info)


if __name__ == '__main__':
    main()
