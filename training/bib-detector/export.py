"""`python3 export.py NET.pt FOLDER VERSION`: write FOLDER/bib-detector-VERSION.<sha8>.onnx and print its name.

Input `image` float32 [1, 3, h, w] RGB 0..1, h and w multiples of 32; outputs `people` float32 [1, 5, h / 16, w / 16] and `bibs` float32
[1, 5, h / 4, w / 4] as net.py says, but before sigmoid and softplus: the app computes those at the few cells that matter.
"""
import sys

import torch

from net import load_checkpoint  # first: it finds the folder of the next
from onnx_file import write_onnx


def main(checkpoint, folder, version):
    net = load_checkpoint(checkpoint)
    net.forward = net.raw
    write_onnx(net, torch.rand(1, 3, 256, 320), folder, f'bib-detector-{version}', ['image'], ['people', 'bibs'],
               {'image': {2: 'h', 3: 'w'}, 'people': {2: 'h16', 3: 'w16'}, 'bibs': {2: 'h4', 3: 'w4'}})


if __name__ == '__main__':
    main(*sys.argv[1:4])
