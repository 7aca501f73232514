"""``python -m backprop.cli``."""

from backprop.cli import main

main()
