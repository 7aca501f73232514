"""The ledger: every equation of the five documents, and the verdict that a proof gave it.

Import this subpackage explicitly: it needs SymPy and PyYAML, the rest of the package does not.
"""

from backprop.ledger.case import Case, Contradiction, Exact, ill_typed, row
from backprop.ledger.show import show
from backprop.ledger.verdict import Entry, decide, decide_all

__all__ = [
    "Case",
    "Contradiction",
    "Entry",
    "Exact",
    "decide",
    "decide_all",
    "ill_typed",
    "row",
    "show",
]
