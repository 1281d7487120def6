"""Trained nets as ONNX files of public/models. Weights are stored as float16 and cast to float32 when the session is made, so the arithmetic is float32."""
import hashlib
import io
import os

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper


def write_onnx(net, example, folder, name, inputs, outputs, axes):
    """Write folder/NAME.<sha8>.onnx and print its name. name: id and version; axes: the free ones of each input and output."""
    buffer = io.BytesIO()
    torch.onnx.export(net, example, buffer, input_names=inputs, output_names=outputs, opset_version=13, dynamic_axes=axes)
    model = half_weights(onnx.load_from_string(buffer.getvalue()))
    onnx.checker.check_model(model)
    print('operators', sorted({n.op_type for n in model.graph.node}))
    raw = model.SerializeToString()
    digest = hashlib.sha256(raw).hexdigest()
    path = os.path.join(folder, f'{name}.{digest[:8]}.onnx')
    with open(path, 'wb') as f:
        f.write(raw)
    print(path, len(raw), 'bytes, sha256', digest)


def half_weights(model):
    """Store every float32 initializer of more than 256 values as float16 behind a Cast."""
    casts, kept = [], []
    for t in model.graph.initializer:
        a = numpy_helper.to_array(t)
        if a.dtype == np.float32 and a.size > 256:
            kept.append(numpy_helper.from_array(a.astype(np.float16), t.name + '_half'))
            casts.append(helper.make_node('Cast', [t.name + '_half'], [t.name], to=TensorProto.FLOAT))
        else:
            kept.append(t)
    nodes = list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(casts + nodes)
    return model
