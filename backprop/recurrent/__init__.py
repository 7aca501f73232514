"""Recurrent layers: whole sequences (T, N, D) in, the states after every step (T, N, H) out."""

from backprop.recurrent import embedding, gru, inputs, lstm, qrnn, rnn

__all__ = ["embedding", "gru", "inputs", "lstm", "qrnn", "rnn"]
