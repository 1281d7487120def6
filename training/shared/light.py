"""Another camera."""
import math

import cv2
import numpy as np


def light(im, rng):
    """Another camera: colour, tone, blur, noise, coding. RGB uint8 in and out."""
    if rng.random() < .12:
        im = im[:, :, rng.permutation(3)]
    if rng.random() < .06:
        im = np.repeat(cv2.cvtColor(im, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
    if rng.random() < .15:
        n = int(rng.integers(2, 8))
        a, k = rng.uniform(0, math.pi), np.zeros((2 * n + 1, 2 * n + 1), 'f4')
        dx, dy = n / 2 * math.cos(a), n / 2 * math.sin(a)
        cv2.line(k, (round(n - dx), round(n - dy)), (round(n + dx), round(n + dy)), 1.0, 1)
        im = cv2.filter2D(im, -1, k / k.sum())
    elif rng.random() < .2:
        im = cv2.GaussianBlur(im, (0, 0), rng.uniform(.4, 1.6))
    x = im.astype('f4')
    x = 255 * np.power(np.clip(x, 0, 255) / 255, math.exp(rng.normal(0, .22)))
    x = (x - 118) * rng.uniform(.65, 1.25) + 118 + rng.uniform(-28, 28)
    x *= np.exp(rng.normal(0, .06, 3)).astype('f4')
    grey = x.mean(2, keepdims=True)
    x = grey + (x - grey) * rng.uniform(.5, 1.3)
    if rng.random() < .4:
        s = rng.uniform(1, 10)
        x += cv2.resize(rng.normal(0, s, (x.shape[0] // 2, x.shape[1] // 2, 3)).astype('f4'), x.shape[1::-1])
    im = np.clip(x, 0, 255).astype('u1')
    if rng.random() < .35:
        im = cv2.imdecode(cv2.imencode('.jpg', im, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 92))])[1], cv2.IMREAD_COLOR)
    return im
