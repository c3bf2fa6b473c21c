"""The optimizers of the comparison, one rule per file; each is an ordinary `torch.optim.Optimizer`."""

from optimizers.adabelief import AdaBelief
from optimizers.adabound import AdaBound
from optimizers.adam import Adam
from optimizers.fromage import Fromage
from optimizers.msvag import MSVAG
from optimizers.radam import RAdam
from optimizers.sgd import SGD
from optimizers.yogi import Yogi

__all__ = ["MSVAG", "SGD", "AdaBelief", "AdaBound", "Adam", "Fromage", "RAdam", "Yogi"]
