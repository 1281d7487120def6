"""Maps of the net -> boxes. The app may look more than once (workers/stages/detect-runners.ts); here it is once."""
import torch

from net import STRIDES, UNITS
from peaks import Look

MOST = 600
MOST_IOU = (.6, .5)  # of people, of bibs
MOST_INSIDE = (.9, .8)  # share of the smaller box


def detect(net, im, side, least=.05):
    """RGB uint8, one look with the longest side at `side` -> ((boxes, scores) of people, the same of bibs), in pixels of the picture."""
    look = Look(im, side)
    with torch.no_grad():
        maps = [m[0].numpy() for m in net(look.input)]
    return [look.boxes(m, stride, unit, least, MOST, iou, inside)
            for m, stride, unit, iou, inside in zip(maps, STRIDES, UNITS, MOST_IOU, MOST_INSIDE)]
