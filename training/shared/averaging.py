"""The moving average of a net's weights, which is what is kept of a run."""
import torch


class Average:
    """`state` is the exponential moving average of the net's state dict; its memory is shorter at first."""

    def __init__(self, net, most):
        self.net, self.most, self.step = net, most, 0
        self.state = {k: v.detach().clone() for k, v in net.state_dict().items()}

    def update(self):
        """Call it after each step."""
        self.step += 1
        decay = min(self.most, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for k, v in self.net.state_dict().items():
                if v.dtype.is_floating_point:
                    self.state[k].mul_(decay).add_(v, alpha=1 - decay)
                else:
                    self.state[k].copy_(v)

    def save(self, path, args):
        """For `load_checkpoint` of the nets."""
        torch.save(dict(net=self.state, args=vars(args), step=self.step), path)
