"""AWD-LSTM (Merity, Keskar and Socher, ICLR 2018, arXiv 1708.02182), as the AdaBelief experiments ran it.

    words -> embedding (dropped by word) -> [LSTM layers, the recurrent matrix dropped] -> tied output layer

Every layer but the last has `hidden` units, the last as many as the embedding, whose matrix is also the output layer's.

The trap: the official code wraps the dropped recurrent matrix in a new parameter at every step, so that no gradient
ever reaches the matrix itself. With `recurrent="frozen"` it is a buffer here and stays as it was drawn; with "trained"
it learns, as in the paper of AWD-LSTM.
"""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

REVISION = 1
RECURRENT = ("frozen", "trained")
LSTMState = list[tuple[Tensor, Tensor]]  # (hidden, cell) of each layer, each (1, batch, units)

# cuDNN wants the weights in one piece; the recurrent matrix is another at every step, so they never are.
warnings.filterwarnings("ignore", message="RNN module weights are not part of single contiguous chunk")


class LSTMOutput(NamedTuple):
    """logits (time, batch, vocabulary); raw and dropped: the last layer's output (time, batch, embedding) before and
    after its dropout; state: after the last word."""

    logits: Tensor
    raw: Tensor
    dropped: Tensor
    state: LSTMState


class AWDLSTM(nn.Module):
    """Maps word numbers int64 (time, batch) and a state to `LSTMOutput`.

    Args:
        vocabulary: number of words.
        layers: number of LSTM layers.
        recurrent: one of `RECURRENT`.
        embedding, hidden: units; `width` multiplies both (rounded, never below 8).
        word_dropout: share of the vocabulary whose embedding is zeroed in a batch.
        input_dropout, between_dropout, output_dropout: of the embedding, of every layer but the last and of the last
            layer, one mask for all time steps.
        weight_drop: share of each recurrent matrix that is zeroed in a batch.

    Raises:
        ValueError: a number out of range, or an unknown `recurrent`.
    """

    def __init__(
        self,
        vocabulary: int,
        layers: int,
        recurrent: str,
        *,
        embedding: int = 400,
        hidden: int = 1150,
        width: float = 1.0,
        word_dropout: float = 0.1,
        input_dropout: float = 0.4,
        between_dropout: float = 0.25,
        output_dropout: float = 0.4,
        weight_drop: float = 0.5,
    ) -> None:
        super().__init__()
        if layers < 1 or vocabulary < 1 or width <= 0:
            raise ValueError(f"layers, vocabulary and width must be positive, got {layers}, {vocabulary}, {width}")
        if recurrent not in RECURRENT:
            raise ValueError(f"recurrent must be one of {', '.join(RECURRENT)}, got {recurrent!r}")
        embedding, hidden = (max(8, round(units * width)) for units in (embedding, hidden))
        self.word_dropout, self.weight_drop = word_dropout, weight_drop
        self.input_dropout, self.between_dropout, self.output_dropout = input_dropout, between_dropout, output_dropout
        units = [embedding, *[hidden] * (layers - 1), embedding]
        self.embedding = nn.Parameter(torch.empty(vocabulary, embedding).uniform_(-0.1, 0.1))
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self.units = units[1:]
        self.layers = nn.ModuleList(LSTMLayer(n, m, recurrent) for n, m in pairwise(units))

    def initial_state(self, batch: int) -> LSTMState:
        """The state before the first word, zeros, for `batch` columns of text."""
        zeros = [self.bias.new_zeros((1, batch, units)) for units in self.units]
        return [(zero, zero) for zero in zeros]

    def forward(self, words: Tensor, state: LSTMState) -> LSTMOutput:
        x = F.embedding(words, self.embedding)
        if self.training and self.word_dropout:
            x = x * F.embedding(words, dropout_mask(self.embedding[:, :1], self.word_dropout))
        dropped, raw, after = self.locked_dropout(x, self.input_dropout), x, []
        for index, layer in enumerate(self.layers):
            raw, last = layer(dropped, state[index], self.weight_drop)
            after.append(last)
            final = index + 1 == len(self.layers)
            dropped = self.locked_dropout(raw, self.output_dropout if final else self.between_dropout)
        return LSTMOutput(F.linear(dropped, self.embedding, self.bias), raw, dropped, after)

    def locked_dropout(self, x: Tensor, p: float) -> Tensor:
        """Dropout with one mask (1, batch, units) for all time steps of x (time, batch, units)."""
        return x * dropout_mask(x[:1], p) if self.training and p else x


def dropout_mask(like: Tensor, p: float) -> Tensor:
    """A tensor of the shape of `like`: 0 with probability p, else 1 / (1 - p)."""
    return torch.empty_like(like, requires_grad=False).bernoulli_(1 - p).div_(1 - p)


class LSTMLayer(nn.Module):
    """One LSTM layer, gates in torch's order, all weights and biases from U(-1/sqrt(units), 1/sqrt(units))."""

    def __init__(self, inputs: int, units: int, recurrent: str) -> None:
        super().__init__()
        bound = units**-0.5
        self.weight_ih = nn.Parameter(torch.empty(4 * units, inputs).uniform_(-bound, bound))
        weight_hh = torch.empty(4 * units, units).uniform_(-bound, bound)
        if recurrent == "frozen":
            self.register_buffer("weight_hh", weight_hh)
        else:
            self.weight_hh = nn.Parameter(weight_hh)
        self.bias_ih = nn.Parameter(torch.empty(4 * units).uniform_(-bound, bound))
        self.bias_hh = nn.Parameter(torch.empty(4 * units).uniform_(-bound, bound))

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor], weight_drop: float
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """x (time, batch, inputs) -> (time, batch, units) and the state after it."""
        weight_hh = F.dropout(self.weight_hh, weight_drop, self.training)
        weights = [self.weight_ih, weight_hh, self.bias_ih, self.bias_hh]
        output, hidden, cell = torch.lstm(x, state, weights, True, 1, 0.0, self.training, False, False)
        return output, (hidden, cell)
