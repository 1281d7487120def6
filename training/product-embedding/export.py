"""`python3 export.py NET.pt FOLDER VERSION`: write FOLDER/product-embedding-VERSION.<sha8>.onnx and print its name.

Input `image` float32 [n, 3, h, w] RGB 0..1, made for 192 x 192 and smaller; output `embedding` float32 [n, 128], unit length.
"""
import sys

import torch

from net import load_checkpoint  # first: it finds the folder of the next
from onnx_file import write_onnx

SIZE = 192


def main(checkpoint, folder, version):
    write_onnx(load_checkpoint(checkpoint), torch.rand(1, 3, SIZE, SIZE), folder, f'product-embedding-{version}', ['image'], ['embedding'],
               {'image': {0: 'n', 2: 'h', 3: 'w'}, 'embedding': {0: 'n'}})


if __name__ == '__main__':
    main(*sys.argv[1:4])
