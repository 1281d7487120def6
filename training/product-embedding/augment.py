"""One photo as another shop, camera and light would show it. Pictures are uint8 RGB [h, w, 3] until `light`."""
import cv2
import numpy as np
import torch

cv2.setNumThreads(1)
LUMA = np.array([.299, .587, .114], np.float32)


def quad(rng, w, h, low, tilt):
    """Corners (float32 [4, 2], px) of a random tilted, slightly perspective crop of low..1 of the area (log-uniform)."""
    area, ratio = w * h * low ** rng.uniform(0, 1), np.exp(rng.uniform(-.3, .3))
    cw, ch = min(w, np.sqrt(area * ratio)), min(h, np.sqrt(area / ratio))
    x, y = rng.uniform(0, w - cw + 1e-6), rng.uniform(0, h - ch + 1e-6)
    q = np.array([[x, y], [x + cw, y], [x + cw, y + ch], [x, y + ch]])
    a = np.radians(rng.normal(0, tilt))
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    q = (q - q.mean(0)) @ turn.T + q.mean(0) + rng.uniform(-.09, .09, (4, 2)) * [cw, ch]
    return q.astype(np.float32)


def cylinder(rng, im):
    """The flat front wrapped on a can or bottle: columns squeezed towards both edges, edges darker."""
    h, w = im.shape[:2]
    half = rng.uniform(.7, 1.35)
    u = np.linspace(-1, 1, w)
    x = np.arcsin(u * np.sin(half)) / half
    bend = rng.uniform(-.12, .12) * h * (np.sqrt(1 - (u * np.sin(half)) ** 2) - 1)
    mx = np.tile(((x + 1) * (w - 1) / 2).astype(np.float32), (h, 1))
    my = (np.arange(h)[:, None] + bend[None]).astype(np.float32)
    out = cv2.remap(im, mx, my, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    shade = 1 - rng.uniform(0, .5) * (1 - np.cos(u * half + rng.uniform(-.4, .4)))
    return np.clip(out * shade[None, :, None], 0, 255).astype(np.uint8)


def on_background(rng, im, size, bg, cut_out):
    """The whole picture smaller on `bg`, or (not `cut_out`) its middle with a soft edge, so that its surroundings change."""
    h, w = im.shape[:2]
    if cut_out:
        src = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    else:
        k = rng.uniform(.68, .95, 2)
        src = (np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * k * [w / 2, h / 2] + [w / 2, h / 2]).astype(np.float32)
    k = rng.uniform(.55, .97) * np.exp(rng.uniform(-.12, .12, 2)).clip(max=1.03)
    dst = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * k * size + rng.uniform(0, 1, 2) * (1 - k) * size
    a = np.radians(rng.normal(0, 7))
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    dst = (dst - dst.mean(0)) @ turn.T + dst.mean(0) + rng.uniform(-.05, .05, (4, 2)) * size
    m = cv2.getPerspectiveTransform(src, dst.astype(np.float32))
    front = cv2.warpPerspective(im, m, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    mask = np.zeros((h, w), np.uint8)
    cv2.fillConvexPoly(mask, src.astype(np.int32), 255)
    mask = cv2.warpPerspective(mask, m, (size, size), flags=cv2.INTER_LINEAR)
    mask = cv2.GaussianBlur(mask, (0, 0), .7 if cut_out else rng.uniform(1, 6)).astype(np.float32)[..., None] / 255
    back = cv2.warpPerspective(bg, cv2.getPerspectiveTransform(quad(rng, bg.shape[1], bg.shape[0], .3, 20), np.array([[0, 0], [size, 0], [size, size], [0, size]], np.float32)),
                               (size, size), borderMode=cv2.BORDER_REFLECT_101)
    return (front * mask + back * (1 - mask)).astype(np.uint8)


def occlude(rng, out, other):
    """A hand, a label or another product in front."""
    size = out.shape[0]
    for _ in range(rng.integers(1, 3)):
        a, b = rng.integers(size // 8, int(size / 2.6), 2)
        x, y = rng.integers(-a // 2, size - a // 2), rng.integers(-b // 2, size - b // 2)
        x0, y0, x1, y1 = max(0, x), max(0, y), min(size, x + a), min(size, y + b)
        kind = rng.random()
        if kind < .4:
            out[y0:y1, x0:x1] = cv2.resize(other, (size, size))[y0:y1, x0:x1]
        elif kind < .7:
            out[y0:y1, x0:x1] = rng.integers(0, 256, 3)
        else:  # finger-like, skin tones light to dark
            t = rng.uniform(.25, 1)
            cv2.ellipse(out, (int(x + a / 2), int(y + b / 2)), (int(a / 2), int(b / 4) + 1), float(rng.uniform(0, 180)), 0, 360, [int(v * t) for v in (235, 185, 155)], -1)


def camera(rng, out):
    """Glare, blur, low resolution, JPEG."""
    size = out.shape[0]
    if rng.random() < .06:
        glare = np.zeros((size, size), np.float32)
        cv2.ellipse(glare, tuple(int(v) for v in rng.integers(0, size, 2)), tuple(int(v) for v in rng.integers(size // 20, size // 5, 2)), float(rng.uniform(0, 180)), 0, 360, float(rng.uniform(60, 220)), -1)
        out = np.clip(out + cv2.GaussianBlur(glare, (0, 0), size / 24)[..., None], 0, 255).astype(np.uint8)
    u = rng.random()
    if u < .1:
        out = cv2.GaussianBlur(out, (0, 0), rng.uniform(.4, 1.9))
    elif u < .16:
        n = int(rng.integers(3, 10))
        k = cv2.warpAffine(np.pad(np.full((1, n), 1 / n, np.float32), ((5, 5), (0, 11 - n))), cv2.getRotationMatrix2D((5, 5), float(rng.uniform(0, 180)), 1), (11, 11))
        out = cv2.filter2D(out, -1, k / max(k.sum(), .2))
    elif u < .25:
        s = int(size * rng.uniform(.3, .8))
        out = cv2.resize(cv2.resize(out, (s, s), interpolation=cv2.INTER_AREA), (size, size), interpolation=cv2.INTER_LINEAR)
    if rng.random() < .2:
        out = cv2.imdecode(cv2.imencode('.jpg', out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 85))])[1], cv2.IMREAD_COLOR)
    return out


def view(rng, im, size, other, kind):
    """One augmented view, uint8 [size, size, 3].

    other: any other picture, for background and occlusion. kind: 'loose' (turns and mirrors freely), 'pack' (a photo of a
    pack: upright, never mirrored, since its text is not), 'cloth' (mirrors), 'front' (a drawn pack: needs a background).
    """
    if kind == 'loose' and rng.random() < .3:
        im = np.rot90(im, int(rng.integers(1, 4)))
    if kind in ('loose', 'cloth') and rng.random() < .5:
        im = im[:, ::-1]
    im = np.ascontiguousarray(im)
    if kind == 'front' and rng.random() < .3:
        im = cylinder(rng, im)
    u = rng.random()
    if kind == 'front' and u < .65:
        out = on_background(rng, im, size, other, True)
    elif kind != 'front' and u < .13:
        out = on_background(rng, im, size, other, u < .03)
    else:
        # produce lies in piles near and far: a wide range of scale
        q = quad(rng, im.shape[1], im.shape[0], *((.1, 16) if kind == 'loose' else (.3, 9)))
        m = cv2.getPerspectiveTransform(q, np.array([[0, 0], [size, 0], [size, size], [0, size]], np.float32))
        out = cv2.warpPerspective(im, m, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    if rng.random() < .2:
        occlude(rng, out, other)
    return camera(rng, out)


def light(rng, x):
    """float32 [n, 3, h, w] 0..1 -> the same under other light: exposure, contrast, saturation, white balance along and
    across the colour temperature, slight hue, a gradient of brightness, noise."""
    n, _, h, w = x.shape
    m = np.empty((n, 3, 4), np.float32)
    for i in range(n):
        bright, contrast, sat = np.exp(rng.uniform(-.35, .3)), np.exp(rng.uniform(-.25, .25)), np.exp(rng.uniform(-.3, .25))
        t = rng.normal(0, .06)
        balance = np.exp(rng.normal(0, .03, 3) + [t, 0, -t])
        keep = sat * np.eye(3) + (1 - sat) * np.outer(np.ones(3), LUMA)
        hue = np.eye(3) + rng.normal(0, .03) * np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / 1.732
        m[i, :, :3] = (balance * bright * contrast)[:, None] * (hue @ keep)
        m[i, :, 3] = .45 * (1 - contrast) * bright
    m = torch.from_numpy(m)
    x = (torch.bmm(m[:, :, :3], x.reshape(n, 3, -1)) + m[:, :, 3:]).view(n, 3, h, w)
    g = torch.from_numpy(rng.normal(0, .1, (n, 2)).astype(np.float32))
    x = x * (1 + g[:, 0, None, None, None] * torch.linspace(-1, 1, h).view(1, 1, h, 1) + g[:, 1, None, None, None] * torch.linspace(-1, 1, w).view(1, 1, 1, w))
    return (x + torch.randn_like(x) * torch.rand(n, 1, 1, 1) * .02).clamp_(0, 1)
