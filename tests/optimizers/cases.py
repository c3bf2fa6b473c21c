"""One row per stored official trajectory that an optimizer of the suite has to follow."""

from optimizers import MSVAG, SGD, AdaBelief, AdaBound, Adam, Fromage, RAdam, Yogi

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
    "sgd-cifar": (SGD, dict(lr=0.1, momentum=0.9, **WD)),
}
EVERY = {cls.__name__: (cls, arguments) for cls, arguments in reversed(TRAJECTORIES.values())}
EVERY["AdamW"] = TRAJECTORIES["adamw-cifar"]
EVERY["Nesterov"] = (SGD, dict(lr=0.1, momentum=0.9, nesterov=True))
EVERY["plain SGD"] = (SGD, dict(lr=0.1))
