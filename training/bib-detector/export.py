"""`python3 export.py NET.pt FOLDER VERSION`: write FOLDER/bib-detector-VERSION.<sha8>.onnx and print its name.

Input `image` float32 [1, 3, h, w] RGB 0..1, h and w multiples of 32; outputs `people` float32 [1, 5, h / 16, w / 16] and `bibs` float32
[1, 5, h / 4, w / 4] as net.py says, but before sigmoid and softplus: the app computes those at the few cells that matter. Weights are stored as
float16 and cast to float32 when the session is made, so the arithmetic is float32.
"""
import hashlib
import io
import os
import sys

import onnx
import torch

from net import load_checkpoint  # first: it finds the folder of the next
from half_weights import half_weights


def main(checkpoint, folder, version):
    net, buffer = load_checkpoint(checkpoint), io.BytesIO()
    net.forward = net.raw
    torch.onnx.export(net, torch.rand(1, 3, 256, 320), buffer, input_names=['image'], output_names=['people', 'bibs'], opset_version=13,
                      dynamic_axes={'image': {2: 'h', 3: 'w'}, 'people': {2: 'h16', 3: 'w16'}, 'bibs': {2: 'h4', 3: 'w4'}})
    model = half_weights(onnx.load_from_string(buffer.getvalue()))
    onnx.checker.check_model(model)
    print('operators', sorted({n.op_type for n in model.graph.node}))
    raw = model.SerializeToString()
    path = os.path.join(folder, f'bib-detector-{version}.{hashlib.sha256(raw).hexdigest()[:8]}.onnx')
    with open(path, 'wb') as f:
        f.write(raw)
    print(path, len(raw), 'bytes, sha256', hashlib.sha256(raw).hexdigest())


if __name__ == '__main__':
    main(*sys.argv[1:4])
