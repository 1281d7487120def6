"""How fast a net learns while its time runs: up at the beginning, flat, then down along a cosine."""
import math


def rate(done, step, flat, warm):
    """Share of the highest rate. done: share of the time that is over; step: steps done; flat: share of the time before it falls; warm: steps until it is reached."""
    fall = 1 if done < flat else .5 * (1 + math.cos(math.pi * (done - flat) / (1 - flat))) + .01
    return min(1, (step + 1) / warm) * fall
