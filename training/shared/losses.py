"""Losses of centres and boxes on a map."""
import torch
import torch.nn.functional as F


def focal(logit, score, weight):
    """CenterNet's focal loss over [n, h, w], per centre."""
    logp, logq = F.logsigmoid(logit), F.logsigmoid(-logit)
    p = torch.sigmoid(logit)
    centre = (score > .999).float()
    loss = -((1 - p) ** 2 * logp * centre + (1 - score) ** 4 * p ** 2 * logq * (1 - centre)) * weight
    return loss.sum() / centre.sum().clamp(min=4)


def framing(raw, distance, where, unit):
    """GIoU + relative error of the four distances, weighted by nearness to the centre. raw [n, 4, h, w] in units before the softplus, distance in pixels."""
    m = where > 0
    if not m.any():
        return raw.sum() * 0
    d = (F.softplus(raw.float()) * unit).permute(0, 2, 3, 1)[m]
    t, w = distance.permute(0, 2, 3, 1)[m], where[m]
    area = lambda v: (v[:, 0] + v[:, 2]) * (v[:, 1] + v[:, 3])
    low, high = torch.minimum(d, t), torch.maximum(d, t)
    inner = (low[:, 0] + low[:, 2]).clamp(min=0) * (low[:, 1] + low[:, 3]).clamp(min=0)
    union, hull = area(d) + area(t) - inner + 1e-3, area(high) + 1e-3
    giou = inner / union - (hull - union) / hull
    size = torch.stack([t[:, 0] + t[:, 2], t[:, 1] + t[:, 3]] * 2, 1).clamp(min=4)
    edge = F.smooth_l1_loss(d / size, t / size, beta=.02, reduction='none').sum(1)
    return ((1 - giou + 2 * edge) * w).sum() / w.sum()
