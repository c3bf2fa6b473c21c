"""One row per stored official trajectory that an optimizer of the suite has to follow."""

from optimizers import (
    ADOPT,
    MSVAG,
    SGD,
    AdaBelief,
    AdaBeliefVariant,
    AdaBound,
    AdaDiff,
    AdaDiffVariant,
    Adam,
    Adan,
    AMSGrad,
    EAdam,
    Fromage,
    Lion,
    Padam,
    RAdam,
    RMSprop,
    Yogi,
)

WD = {"weight_decay": 5e-4}
TRAJECTORIES = {
    "adabelief-cifar": (AdaBelief, dict(lr=1e-3, eps=1e-8, **WD)),
    "adabelief-lstm": (AdaBelief, dict(lr=1e-2, eps=1e-12, weight_decay=1.2e-6)),
    "adabelief-gan": (AdaBelief, dict(lr=2e-4, betas=(0.5, 0.999), eps=1e-12)),
    "adabelief-imagenet": (AdaBelief, dict(lr=1e-3, weight_decay=1e-2, decoupled=True)),
    "adabelief-0.2.1-norectify": (AdaBelief, dict(lr=1e-3, eps=1e-16, weight_decay=1e-2)),
    "adabound-cifar": (AdaBound, dict(lr=1e-3, final_lr=0.1, gamma=1e-3, **WD)),
    "radam-cifar": (RAdam, dict(lr=1e-3, **WD)),
    "radam-lstm": (RAdam, dict(lr=1e-2, eps=1e-12, weight_decay=1.2e-6)),
    "radam-betas": (RAdam, dict(lr=1e-3, betas=(0.5, 0.9), weight_decay=1e-2)),
    "adamw-cifar": (Adam, dict(lr=1e-3, weight_decay=1e-2, decoupled=True)),
    "adam-cifar": (Adam, dict(lr=1e-3, **WD)),
    "yogi-cifar": (Yogi, dict(lr=1e-3, **WD)),
    "yogi-eps": (Yogi, dict(lr=1e-2, betas=(0.9, 0.99), eps=1e-8, initial_accumulator=1e-3)),
    "msvag-published": (MSVAG, dict(lr=0.1, **WD)),
    "fromage-cifar": (Fromage, dict(lr=1e-2)),
    "adabelief-fixed-decay": (AdaBeliefVariant, dict(weight_decay=1e-3, decay="fixed")),
    "adabelief-amsgrad": (AdaBeliefVariant, dict(maximum="0.0.5")),
    "adabelief-rectified-0.0.5": (AdaBeliefVariant, dict(rectify="0.0.5")),
    "adabelief-0.2.1-nodegenerate": (
        AdaBeliefVariant,
        dict(eps=1e-16, decay="decoupled", rectify="0.2.1 without SGD"),
    ),
    "adabelief-0.2.1-default": (AdaBeliefVariant, dict(eps=1e-16, decay="decoupled", rectify="0.2.1")),
    "adabound-amsbound": (AdaBound, dict(amsbound=True)),
    "msvag-2021-edit": (MSVAG, dict(lr=0.1, second_factor=0.999, **WD)),
    "adadiff-cifar": (AdaDiff, dict(**WD)),
    "adadiff-lstm": (AdaDiff, dict(lr=1e-2, eps=1e-12, weight_decay=1.2e-6)),
    "eadam-cifar": (EAdam, dict(**WD)),
    "adopt-default": (ADOPT, dict()),
    "adopt-decoupled": (ADOPT, dict(weight_decay=1e-2, decoupled=True, betas=(0.9, 0.999))),
    "adopt-unclipped": (ADOPT, dict(weight_decay=1e-2, clip=None)),
    "sgd-cifar": (SGD, dict(lr=0.1, momentum=0.9, **WD)),
}
EVERY = {cls.__name__: (cls, arguments) for cls, arguments in reversed(TRAJECTORIES.values())}
EVERY["AdamW"] = TRAJECTORIES["adamw-cifar"]
EVERY["Nesterov"] = (SGD, dict(lr=0.1, momentum=0.9, nesterov=True))
EVERY["plain SGD"] = (SGD, dict(lr=0.1))
EVERY["SGD, decoupled"] = (SGD, dict(lr=0.1, momentum=0.9, weight_decay=1e-4, decoupled=True))
EVERY["AdaBound, decoupled"] = (AdaBound, dict(weight_decay=1e-2, decoupled=True))
EVERY["Yogi, decoupled"] = (Yogi, dict(weight_decay=1e-3, decoupled=True))
EVERY["MSVAG, decoupled"] = (MSVAG, dict(lr=0.1, weight_decay=1e-4, decoupled=True))
EVERY["AMSBound"] = TRAJECTORIES["adabound-amsbound"]
EVERY["AdaBelief, AMS"] = TRAJECTORIES["adabelief-amsgrad"]
EVERY["ADOPT, first form"] = (ADOPT, dict(form="first published", weight_decay=1e-2, decoupled=True))
EVERY["RMSprop"] = (RMSprop, dict(weight_decay=1e-2))
EVERY["AMSGrad"] = (AMSGrad, dict(weight_decay=1e-2))
EVERY["Padam"] = (Padam, dict())
EVERY["Lion"] = (Lion, dict(weight_decay=1e-2))
EVERY["Adan"] = (Adan, dict())
for form in ("ada1", "ada3", "ada4"):
    EVERY[f"AdaDiff's {form}"] = (AdaDiffVariant, dict(form=form, weight_decay=1e-2))
