"""Indices carry their dimension and are never confused by name."""

import pickle

import pytest

from backprop.proofs import ZZ, DimensionError, Sum, Tensor, delta, dims, index
from backprop.proofs.indices import free_indices, freshen, substitute
from backprop.proofs.prover import NormalForm

N, M = dims("N M")
i, j = index("i j", N)
a = index("a", M)
x = Tensor("x", (N,))
A = Tensor("A", (N, N))


def test_an_index_survives_pickling():
    again = pickle.loads(pickle.dumps(i))
    assert again == i and hash(again) == hash(i) and again.dim == N
    assert pickle.loads(pickle.dumps(Sum(x[i], i))) == Sum(x[i], i)


def test_equal_names_are_different_indices():
    assert index("i", N) != i
    assert i.fresh() != i and i.fresh().dim == N


def test_free_indices_are_those_that_no_sum_binds():
    assert free_indices(Sum(A[i, j], j)) == {i}
    assert free_indices(x[j] * Sum(x[j], j)) == {j}


def test_substitution_does_not_capture():
    assert free_indices(substitute(Sum(A[i, j], j), {i: j})) == {j}
    assert freshen(Sum(x[i], i)) != Sum(x[i], i)


def test_a_delta_is_typed():
    with pytest.raises(DimensionError, match="links the dimensions M and N"):
        delta(i, a)
    assert delta(i, i) == 1


def test_a_sum_needs_typed_indices():
    with pytest.raises(DimensionError, match="typed index"):
        Sum(x[i], N)
    assert Sum(0, index("z", ZZ)) == 0


def test_a_sum_of_a_sum_over_the_same_index_multiplies_by_the_size():
    nested = Sum(Sum(x[i], i), i)
    assert NormalForm().of(nested).text == NormalForm().of(N * Sum(x[i], i)).text
    with pytest.raises(DimensionError, match="repeats an index"):
        Sum(x[i], i, i)
    captured = Sum(Sum(A[i, j], j), i).xreplace({i: j})  # plain SymPy substitution captures
    with pytest.raises(DimensionError, match="binds an index twice"):
        free_indices(captured)
