"""`python3 export.py NET.pt FOLDER VERSION`: write FOLDER/bib-reader-VERSION.<sha8>.onnx and print its name. Input and outputs: net.py."""
import sys

import torch

from net import load_checkpoint  # first: it finds the folder of the next
from onnx_file import write_onnx
from size import HEIGHT, WIDTH


def main(checkpoint, folder, version):
    write_onnx(load_checkpoint(checkpoint), torch.rand(2, 3, HEIGHT, WIDTH), folder, f'bib-reader-{version}', ['image'], ['steps', 'cut'],
               {'image': {0: 'n'}, 'steps': {0: 'n'}, 'cut': {0: 'n'}})


if __name__ == '__main__':
    main(*sys.argv[1:4])
