"""The two ways in which a statement can fail."""


class DimensionError(ValueError):
    """Say that a statement is ill-typed, with both shapes in the message."""


class ProofError(AssertionError):
    """Say that a claim is not what it was asserted to be."""
