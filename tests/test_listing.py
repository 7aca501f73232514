"""Mirrors backprop/listing.py."""

from backprop import listing
from backprop.layers import linear


def test_the_code_is_whole_and_the_docstring_is_gone():
    code = repr(listing.show(linear.backward))
    assert code.splitlines()[1:] == [
        "    x, W = cache",
        "    expect_upstream(dy, (len(x), len(W)), x.dtype)",
        "    dx = dy @ W  # Ye17 (2)",
        "    dW = dy.T @ x  # Ye17 (4)",
        "    db = dy.sum(axis=0)  # Ye17 (3)",
        "    return dx, dW, db",
    ]
    assert "gradients" not in code


def test_several_functions_stand_below_each_other():
    code = repr(listing.show(linear.forward, linear.backward))
    assert code.index("def forward") < code.index("def backward")
    assert "\n\n\ndef backward" in code


def test_a_class_keeps_its_fields():
    from backprop.nets.mlp import Params

    assert repr(listing.show(Params)).splitlines()[:2] == [
        "class Params(NamedTuple):",
        "    W1: Array",
    ]


def test_a_notebook_gets_highlighted_code():
    assert listing.show(linear.backward)._repr_markdown_().startswith("```python\ndef backward")


def test_a_class_keeps_the_bodies_of_its_methods():
    from backprop.convolution.geometry import Axis

    code = repr(listing.show(Axis))
    assert "return (self.taps - 1) * self.dilation + 1" in code
    assert "return (self.padded - self.reach) // self.stride + 1" in code
    assert '"""' not in code
    compile(code.replace("(NamedTuple)", ""), "Axis", "exec")
