"""`python3 export.py NET.pt FOLDER VERSION`: write FOLDER/bib-reader-VERSION.<sha8>.onnx and print its name.

Input and outputs: net.py. Weights are stored as float16 and cast to float32 when the session is made, so the arithmetic is float32.
"""
import hashlib
import io
import os
import sys

import onnx
import torch

from net import load_checkpoint
from size import HEIGHT, WIDTH

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'product-embedding'))
from half_weights import half_weights  # noqa: E402


def main(checkpoint, folder, version):
    net, buffer = load_checkpoint(checkpoint), io.BytesIO()
    torch.onnx.export(net, torch.rand(2, 3, HEIGHT, WIDTH), buffer, input_names=['image'], output_names=['steps', 'cut'], opset_version=13,
                      dynamic_axes={'image': {0: 'n'}, 'steps': {0: 'n'}, 'cut': {0: 'n'}})
    model = half_weights(onnx.load_from_string(buffer.getvalue()))
    onnx.checker.check_model(model)
    print('operators', sorted({n.op_type for n in model.graph.node}))
    raw = model.SerializeToString()
    path = os.path.join(folder, f'bib-reader-{version}.{hashlib.sha256(raw).hexdigest()[:8]}.onnx')
    with open(path, 'wb') as f:
        f.write(raw)
    print(path, len(raw), 'bytes, sha256', hashlib.sha256(raw).hexdigest())


if __name__ == '__main__':
    main(*sys.argv[1:4])
