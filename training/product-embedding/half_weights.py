"""Weights of an ONNX file as float16; training/facing-detector uses it, too."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper


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
