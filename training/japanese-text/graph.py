"""Run an ONNX graph in PyTorch with its weights as trainable parameters, and write trained weights back into the same graph.

Only the operators of the PP-OCRv4 recogniser are known; others raise KeyError.
"""
import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper


def _attributes(node):
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


class Graph(torch.nn.Module):
    """`forward(x)` gives the tensor called `output`. Tensors called in `stop` split the graph: see `run`."""

    def __init__(self, path, output):
        super().__init__()
        self.model = onnx.load(path)
        self.output = output
        self.weights = torch.nn.ParameterDict()
        self.constants = {}
        self.names = {}
        for tensor in self.model.graph.initializer:
            self._constant(tensor.name, numpy_helper.to_array(tensor))
        self.nodes = []
        for node in self.model.graph.node:
            if node.op_type == 'Constant':
                self._constant(node.output[0], numpy_helper.to_array(node.attribute[0].t))
            else:
                self.nodes.append((node.op_type, list(node.input), list(node.output), _attributes(node)))
        self._drop_unreachable()

    def _constant(self, name, array):
        if array.dtype == np.float32 and array.size > 1:
            key = name.replace('.', '__')
            self.names[name] = key
            self.weights[key] = torch.nn.Parameter(torch.from_numpy(array.copy()))
        else:
            self.constants[name] = torch.from_numpy(np.array(array))

    def _drop_unreachable(self):
        needed, kept = {self.output}, []
        for node in reversed(self.nodes):
            if needed & set(node[2]):
                kept.append(node)
                needed |= set(node[1])
        self.nodes = kept[::-1]

    def _value(self, name, values):
        if name in values:
            return values[name]
        if name in self.names:
            return self.weights[self.names[name]]
        return self.constants[name]

    def split(self, at):
        """Index of the first node after all of those that `at` needs; nodes before it are the frozen part."""
        for index, node in enumerate(self.nodes):
            if at in node[2]:
                return index + 1
        raise KeyError(at)

    def run(self, values, start=0, end=None):
        """Evaluate nodes `start:end`, adding to `values` (name -> tensor)."""
        for op, inputs, outputs, attributes in self.nodes[start:end]:
            arguments = [self._value(name, values) for name in inputs if name]
            values[outputs[0]] = OPERATORS[op](arguments, attributes)
        return values

    def forward(self, x):
        return self.run({self.model.graph.input[0].name: x})[self.output]

    def export(self, path, metadata):
        """Write the graph with the present weights; `metadata` (str -> str) replaces the old one."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        for tensor in model.graph.initializer:
            if tensor.name in self.names:
                tensor.CopyFrom(self._tensor(tensor.name))
        for node in model.graph.node:
            if node.op_type == 'Constant' and node.output[0] in self.names:
                node.attribute[0].t.CopyFrom(self._tensor(node.output[0]))
        for info in model.graph.output:
            info.type.tensor_type.shape.dim[-1].dim_param = 'classes'
        del model.metadata_props[:]
        for key, value in metadata.items():
            entry = model.metadata_props.add()
            entry.key, entry.value = key, value
        onnx.checker.check_model(model)
        onnx.save(model, path)

    def _tensor(self, name):
        return numpy_helper.from_array(self.weights[self.names[name]].detach().numpy().astype(np.float32), name)


def _conv(v, a):
    pads = a.get('pads', [0, 0, 0, 0])
    assert pads[0] == pads[2] and pads[1] == pads[3]
    bias = v[2] if len(v) > 2 else None
    return F.conv2d(v[0], v[1], bias, a['strides'], (pads[0], pads[1]), a['dilations'], a['group'])


def _slice(v, a):
    data, starts, ends = v[0], v[1].tolist(), v[2].tolist()
    axes = v[3].tolist() if len(v) > 3 else list(range(len(starts)))
    index = [slice(None)] * data.dim()
    for start, end, axis in zip(starts, ends, axes):
        index[axis] = slice(start, None if end > 1 << 30 else end)
    return data[tuple(index)]


def _squeeze(v, a):
    data = v[0]
    for axis in sorted(a['axes'], reverse=True):
        data = data.squeeze(axis)
    return data


def _reshape(v, a):
    shape = [v[0].shape[i] if s == 0 else s for i, s in enumerate(v[1].tolist())]
    return v[0].reshape(shape)


def _clip(v, a):
    low = a.get('min', v[1].item() if len(v) > 1 else None)
    high = a.get('max', v[2].item() if len(v) > 2 else None)
    return v[0].clamp(low, high)


OPERATORS = {
    'Conv': _conv,
    'Add': lambda v, a: v[0] + v[1],
    'Sub': lambda v, a: v[0] - v[1],
    'Mul': lambda v, a: v[0] * v[1],
    'Div': lambda v, a: v[0] / v[1],
    'Pow': lambda v, a: v[0] * v[0] if v[1].item() == 2 else v[0] ** v[1],
    'Sqrt': lambda v, a: v[0].sqrt(),
    'MatMul': lambda v, a: v[0] @ v[1],
    'Clip': _clip,
    'Cast': lambda v, a: v[0].long() if a['to'] in (6, 7) else v[0].float(),
    'Slice': _slice,
    'ReduceMean': lambda v, a: v[0].mean(dim=list(a['axes']), keepdim=bool(a.get('keepdims', 1))),
    'Transpose': lambda v, a: v[0].permute(*a['perm']),
    'Sigmoid': lambda v, a: v[0].sigmoid(),
    'Concat': lambda v, a: torch.cat([t.reshape(1) if t.dim() == 0 else t for t in v], dim=a['axis']),
    'Squeeze': _squeeze,
    'BatchNormalization': lambda v, a: F.batch_norm(v[0], v[3].detach(), v[4].detach(), v[1], v[2], False, 0.0, a['epsilon']),
    'Reshape': _reshape,
    'Shape': lambda v, a: torch.tensor(v[0].shape),
    'Softmax': lambda v, a: v[0].softmax(dim=a['axis']),
    'GlobalAveragePool': lambda v, a: v[0].mean(dim=(2, 3), keepdim=True),
    'Relu': lambda v, a: v[0].relu(),
    'HardSigmoid': lambda v, a: (v[0] * a.get('alpha', 0.2) + a.get('beta', 0.5)).clamp(0, 1),
    'AveragePool': lambda v, a: F.avg_pool2d(v[0], a['kernel_shape'], a['strides'], a.get('pads', [0, 0])[:2]),
}
