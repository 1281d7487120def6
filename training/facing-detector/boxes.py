"""Maps of the net -> boxes. The app looks several times (workers/stages/detect-shelf.ts); here it is once."""
import torch

from net import FACING, GAP, STRIDE, UNIT
from peaks import Look

MOST = 1500


def detect(net, im, side, least=.05):
    """RGB uint8, one look with the longest side at `side` -> ((boxes, scores) of facings, the same of gaps), in pixels of the picture."""
    look = Look(im, side)
    with torch.no_grad():
        maps = net(look.input)[0].numpy()
    return [look.boxes(maps[c:c + 5], STRIDE, UNIT, least, MOST) for c in (FACING, GAP)]
