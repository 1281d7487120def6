"""Average the weights of several checkpoints of one run: `python3 soup.py OUT.pt A.pt B.pt ...`."""
import sys

import torch


def main(out, paths):
    states = [torch.load(p, map_location='cpu')['net'] for p in paths]
    torch.save(dict(net={k: sum(s[k].float() for s in states) / len(states) for k in states[0]}, args=dict(soup=paths)), out)


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2:])
