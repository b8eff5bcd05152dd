"""How far apart colours look, to readers of ordinary, deuteranopic and protanopic sight.

Machado, Oliveira & Fernandes 2009 (IEEE TVCG 15, 1291) for the sight, CIEDE2000 (Sharma, Wu & Dalal 2005, Color Res.
Appl. 30, 21) for the distance.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

SIGHTS = {  # on linear sRGB, severity 1
    "ordinary": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def nearest(colours: Sequence[tuple[float, float, float]], sight: str) -> float:
    """The smallest distance of any two of the sRGB colours."""
    seen = [lab(colour, sight) for colour in colours]
    return min(ciede2000(one, other) for one, other in combinations(seen, 2))


def lab(rgb: Sequence[float], sight: str = "ordinary") -> np.ndarray:
    """CIELAB (D65) of an sRGB colour, channels in [0, 1]."""
    c = np.asarray(rgb, dtype=float)
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    xyz = _XYZ @ (SIGHTS[sight] @ linear).clip(0, 1) / _XYZ.sum(axis=1)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def ciede2000(one: Sequence[float], other: Sequence[float]) -> float:
    """Sharma et al., equations 2 to 22, all weights 1; hues in degrees."""
    lightness, a, b = np.array([one, other], dtype=float).T
    grey = 1 - np.sqrt(1 / (1 + (25 / np.hypot(a, b).mean()) ** 7)) if np.hypot(a, b).any() else 1.0
    a = (1 + grey / 2) * a
    chroma, hue = np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360
    turn = hue[1] - hue[0] if chroma.all() else 0.0
    turn -= 360 * np.round(turn / 360) if abs(turn) > 180 else 0
    mean_l, mean_c = lightness.mean(), chroma.mean()
    mean_h = hue.sum() if not chroma.all() else hue.mean()
    if chroma.all() and abs(hue[1] - hue[0]) > 180:
        mean_h += 180 if hue.sum() < 360 else -180
    cos = {k: np.cos(np.radians(k * mean_h + shift)) for k, shift in ((1, -30), (2, 0), (3, 6), (4, -63))}
    t = 1 - 0.17 * cos[1] + 0.24 * cos[2] + 0.32 * cos[3] - 0.20 * cos[4]
    d_l = (lightness[1] - lightness[0]) / (1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2))
    d_c = (chroma[1] - chroma[0]) / (1 + 0.045 * mean_c)
    d_h = 2 * np.sqrt(chroma.prod()) * np.sin(np.radians(turn) / 2) / (1 + 0.015 * mean_c * t)
    blue = np.sin(np.radians(60 * np.exp(-(((mean_h - 275) / 25) ** 2))))
    rotation = -2 * np.sqrt(mean_c**7 / (mean_c**7 + 25**7)) * blue
    return float(np.sqrt(d_l**2 + d_c**2 + d_h**2 + rotation * d_c * d_h))


# Lab, Lab and distance: Sharma et al., table 1.
SHARMA = """\
50 2.6772 -79.7751 50 0 -82.7485 2.0425
50 3.1571 -77.2803 50 0 -82.7485 2.8615
50 2.8361 -74.02 50 0 -82.7485 3.4412
50 -1.3802 -84.2814 50 0 -82.7485 1
50 -1.1848 -84.8006 50 0 -82.7485 1
50 -0.9009 -85.5211 50 0 -82.7485 1
50 0 0 50 -1 2 2.3669
50 -1 2 50 0 0 2.3669
50 2.49 -0.001 50 -2.49 0.0009 7.1792
50 2.49 -0.001 50 -2.49 0.001 7.1792
50 2.49 -0.001 50 -2.49 0.0011 7.2195
50 2.49 -0.001 50 -2.49 0.0012 7.2195
50 -0.001 2.49 50 0.0009 -2.49 4.8045
50 -0.001 2.49 50 0.0011 -2.49 4.7461
50 2.5 0 50 0 -2.5 4.3065
50 2.5 0 73 25 -18 27.1492
50 2.5 0 61 -5 29 22.8977
50 2.5 0 56 -27 -3 31.9030
50 2.5 0 58 24 15 19.4535
50 2.5 0 50 3.1736 0.5854 1
50 2.5 0 50 3.2972 0 1
50 2.5 0 50 1.8634 0.5757 1
50 2.5 0 50 3.2592 0.3350 1
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644
63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
61.2901 3.7196 -5.3901 61.4292 2.248 -4.962 1.8731
35.0831 -44.1164 3.7933 35.0232 -40.0716 1.5901 1.8645
22.7233 20.0904 -46.694 23.0331 14.973 -42.5619 2.0373
36.4612 47.858 18.3852 36.2715 50.5065 21.2231 1.4146
90.8027 -2.0831 1.441 91.1528 -1.6435 0.0447 1.4441
90.9257 -0.5406 -0.9208 88.6381 -0.8985 -0.7239 1.5381
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377
2.0776 0.0795 -1.135 0.9033 -0.0636 -0.5514 0.9082"""  # without pair 14: its hues are 180 degrees apart, a tie
