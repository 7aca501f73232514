"""Recurrences are proved for every length, and wrong ones fail at the length they must."""

import pytest

from backprop.proofs import ProofError, induction_step


@pytest.mark.parametrize(("name", "mutants"), [("rnn", 5), ("gru", False)])
def test_cells_are_proved_for_any_number_of_steps(name, mutants, request):
    r = request.getfixturevalue(name)
    reports = r.prove(mutants=mutants)
    assert all(report.ok for report in reports)
    assert reports[-1].general
    assert len(reports) == len(r.variables) + 1


def test_a_reset_gate_taken_as_constant_passes_for_one_step_and_fails_for_two(gru):
    wrong = gru.p.claims["dh, reset gate constant"]
    first = gru.first_failure({"h": wrong}, lengths=[1, 2])
    assert first.pop("h") == 1  # the gradient on the initial state itself
    assert set(first) == {*gru.parameters, *gru.inputs}
    assert set(first.values()) == {2}
    assert wrong.verify().verdict == "refuted"


def test_the_right_recursion_never_fails(gru):
    assert gru.unrolled() == {1: [], 2: [], 3: [], 4: []}


def test_a_missing_claim_is_named(rnn):
    del rnn.p.claims["dU"]
    with pytest.raises(ProofError, match="no claim for the gradient on U"):
        rnn.prove()


def test_a_wrong_step_is_not_proved(rnn):
    p = rnn.p
    good = p.claims.pop("dlambda")
    p.claim("dlambda", of=good.of, wrt=good.wrt, equals=2 * good.equals)
    with pytest.raises(ProofError, match="refuted"):
        rnn.prove()


def test_the_inductive_step_needs_the_gradients_on_parameters_to_add_up():
    assert induction_step()
    assert not induction_step(accumulate=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rnn", "gru", "lstm"])
def test_cells_are_proved_and_all_their_mutants_refuted(name, request):
    assert all(report.ok for report in request.getfixturevalue(name).prove())
