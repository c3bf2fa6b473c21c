"""The optimizers of the comparison, one rule per file; each is an ordinary `torch.optim.Optimizer`."""

from .adabelief import AdaBelief
from .adabelief_variant import AdaBeliefVariant
from .adabound import AdaBound
from .adadiff import AdaDiff
from .adadiff_variant import AdaDiffVariant
from .adam import Adam
from .adan import Adan
from .adopt import ADOPT
from .amsgrad import AMSGrad
from .eadam import EAdam
from .fromage import Fromage
from .lion import Lion
from .msvag import MSVAG
from .muon_and_rest import MuonAndRest
from .padam import Padam
from .radam import RAdam
from .rmsprop import RMSprop
from .sgd import SGD
from .yogi import Yogi

__all__ = [
    "ADOPT",
    "MSVAG",
    "SGD",
    "AMSGrad",
    "AdaBelief",
    "AdaBeliefVariant",
    "AdaBound",
    "AdaDiff",
    "AdaDiffVariant",
    "Adam",
    "Adan",
    "EAdam",
    "Fromage",
    "Lion",
    "MuonAndRest",
    "Padam",
    "RAdam",
    "RMSprop",
    "Yogi",
]
