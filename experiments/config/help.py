"""What `python -m experiments.train --help` prints. It reads the names of configs/ and imports nothing: Hydra's own
help takes a second, and lists four thousand recipe rows."""

from __future__ import annotations

from textwrap import fill

from experiments.config.paths import CONFIGS

# Public groups, with what a choice of each is.
PUBLIC_GROUPS = {
    "data": "what is trained on",
    "model": "what is trained",
    "optimizer": "what it is trained with; external takes any import path",
    "setting": "whose experiment: chooses the recipe table and when the rate drops",
    "protocol": "what the official code did, or what a careful person does today",
    "scale": "full (the paper's), small (real data, an evening), quick (minutes)",
    "schedule": "how the learning rate goes over a run",
    "logger": "where a run is mirrored",
}
KEYS = {
    "seed": "initial weights, order and augmentation (0)",
    "optimizer.lr": "any hyperparameter: the recipe's value, unless it is given",
    "recipe": "none: the class's defaults; tuned: what `make tune` found",
    "epochs": "the schedule's length",
    "stop_after": "end after so many epochs, the schedule as it was",
    "max_seconds": "end at an epoch after so many seconds, to be gone on with",
    "device": "auto, cpu, cuda, cuda:1",
    "threads": "of the CPU (all)",
    "precision": "fp32, tf32 or bf16",
    "store": "where runs are written (results/runs)",
}
EXAMPLES = {
    "data=digits scale=quick": "minutes, no download",
    "data=cifar10 model=vgg11 optimizer=adabelief": "the paper's run: 200 epochs, on a GPU",
    "data=cifar10 model=vgg11 optimizer=adam scale=small": "ten minutes on two cores",
    "setting=adabelief-ptb data=ptb model=lstm1 optimizer=sgd": "a language model",
    "setting=wgan data=cifar10 model=dcgan optimizer=adabelief": "a GAN",
    "optimizer=external optimizer._target_=torch.optim.NAdam optimizer.lr=1e-3": "another package's optimizer",
}


def help_text() -> str:
    """The whole text, at most 80 columns wide but for the longest example."""
    lines = [
        "One run:  python -m experiments.train key=value ...",
        "",
        "Examples, each behind `python -m experiments.train`:",
    ]
    for example, what in EXAMPLES.items():
        lines += [f"  {example}", f"      {what}"]
    lines += ["", "Groups (configs/):"]
    for group, what in PUBLIC_GROUPS.items():
        names = ", ".join(sorted(path.stem for path in (CONFIGS / group).glob("*.yaml")))
        lines.append(f"  {group}: {what}")
        lines.append(fill(names, 80, initial_indent=" " * 6, subsequent_indent=" " * 6))
    lines += ["", "Keys:", *(f"  {key:<14} {what}" for key, what in KEYS.items())]
    lines += ["", "--cfg job --resolve prints the whole configuration, -m runs several", "(optimizer=adam,sgd)."]
    return "\n".join(lines)
