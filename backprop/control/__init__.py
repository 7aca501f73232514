"""Learning to control: a cart with a pole, a network of action values, and a policy."""

from backprop.control import cart_pole, policy_gradient, q_learning

__all__ = ["cart_pole", "policy_gradient", "q_learning"]
