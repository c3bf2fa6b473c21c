"""The optimizers of the comparison, one rule per file; each is an ordinary `torch.optim.Optimizer`."""

from optimizers.adabelief import AdaBelief
from optimizers.adabelief_variant import AdaBeliefVariant
from optimizers.adabound import AdaBound
from optimizers.adadiff import AdaDiff
from optimizers.adadiff_variant import AdaDiffVariant
from optimizers.adam import Adam
from optimizers.adan import Adan
from optimizers.adopt import ADOPT
from optimizers.amsgrad import AMSGrad
from optimizers.eadam import EAdam
from optimizers.fromage import Fromage
from optimizers.lion import Lion
from optimizers.msvag import MSVAG
from optimizers.muon_and_rest import MuonAndRest
from optimizers.padam import Padam
from optimizers.radam import RAdam
from optimizers.rmsprop import RMSprop
from optimizers.sgd import SGD
from optimizers.yogi import Yogi

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
