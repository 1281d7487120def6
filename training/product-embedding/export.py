"""`python3 export.py NET.pt FOLDER VERSION`: write FOLDER/product-embedding-VERSION.<sha8>.onnx and print its name.

Input `image` float32 [n, 3, h, w] RGB 0..1, made for 192 x 192 and smaller; output `embedding` float32 [n, 128], unit length. Weights are stored as
float16 and cast to float32 when the session is made, so the arithmetic is float32.
"""
import hashlib
import io
import os
import sys

import onnx
import torch

from half_weights import half_weights
from net import load_checkpoint

SIZE = 192


def main(checkpoint, folder, version):
    net, buffer = load_checkpoint(checkpoint), io.BytesIO()
    torch.onnx.export(net, torch.rand(1, 3, SIZE, SIZE), buffer, input_names=['image'], output_names=['embedding'], opset_version=13,
                      dynamic_axes={'image': {0: 'n', 2: 'h', 3: 'w'}, 'embedding': {0: 'n'}})
    model = half_weights(onnx.load_from_string(buffer.getvalue()))
    onnx.checker.check_model(model)
    raw = model.SerializeToString()
    path = os.path.join(folder, f'product-embedding-{version}.{hashlib.sha256(raw).hexdigest()[:8]}.onnx')
    with open(path, 'wb') as f:
        f.write(raw)
    print(path, len(raw), 'bytes, sha256', hashlib.sha256(raw).hexdigest())


if __name__ == '__main__':
    main(*sys.argv[1:4])
