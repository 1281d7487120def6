"""A trained net with every 3 x 3 convolution as a column and a row: `python3 factor.py NET.pt OUT.pt`; then train.py --start OUT.pt.

The pair is the best one of its rank, by singular values of the kernel seen as (output, column) x (input, row). Source: Jaderberg, Vedaldi,
Zisserman, "Speeding up convolutional neural networks with low rank expansions", 2014.
"""
import sys

import torch

from net import Runners, load_checkpoint, rank, squares


def pair_of(conv):
    w, r = conv.weight.data, rank(conv)
    o, i, high, wide = w.shape
    u, s, v = torch.linalg.svd(w.permute(0, 3, 1, 2).reshape(o * wide, i * high), full_matrices=False)
    q = s[:r].sqrt()
    return (v[:r] * q[:, None]).reshape(r, i, high, 1), (u[:, :r] * q).reshape(o, wide, r).permute(0, 2, 1)[:, :, None].contiguous()


def main(source, out):
    whole, net = load_checkpoint(source), Runners(factored=True)
    state = whole.state_dict()
    names = {id(m): n for n, m in whole.named_modules()}
    for _, _, conv in list(squares(whole)):
        name = names[id(conv)]
        column, row = pair_of(conv)
        del state[name + '.weight']
        state[name + '.0.weight'], state[name + '.1.weight'] = column, row
        if conv.bias is not None:
            state[name + '.1.bias'] = state.pop(name + '.bias')
    net.load_state_dict(state)
    torch.save(dict(net=net.state_dict(), args=dict(factored=source)), out)


if __name__ == '__main__':
    main(*sys.argv[1:3])
