"""Proofs of gradients for all sizes, by two independent engines.

Import this subpackage explicitly: it needs SymPy, the rest of the package does not.
"""

from backprop.proofs import convolution
from backprop.proofs.answer import Answer, Question
from backprop.proofs.derivation import Derivation
from backprop.proofs.errors import DimensionError, ProofError
from backprop.proofs.functions import (
    absolute,
    exp,
    function,
    log,
    relu,
    sigmoid,
    sign,
    sqrt,
    step,
    tanh,
)
from backprop.proofs.indices import ZZ, Index, Sum, delta, dims, index
from backprop.proofs.recurrence import Recurrence, induction_step
from backprop.proofs.report import Report
from backprop.proofs.tensors import Tensor, diag, elementwise, hadamard, identity, ones

__all__ = [
    "ZZ",
    "Answer",
    "Derivation",
    "DimensionError",
    "Index",
    "ProofError",
    "Question",
    "Recurrence",
    "Report",
    "Sum",
    "Tensor",
    "absolute",
    "convolution",
    "delta",
    "diag",
    "dims",
    "elementwise",
    "exp",
    "function",
    "hadamard",
    "identity",
    "index",
    "induction_step",
    "log",
    "ones",
    "relu",
    "sigmoid",
    "sign",
    "sqrt",
    "step",
    "tanh",
]
