"""Correlation of whole batches, computed in two ways that agree: unrolled, and by transforms.

Both modules have the same pair of functions, without bias, flip or link table; ``conv2d`` adds
those, and chooses between the two.
"""

from backprop.convolution import direct, fourier, geometry

__all__ = ["direct", "fourier", "geometry"]
