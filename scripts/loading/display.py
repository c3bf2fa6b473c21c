"""How settings, data sets, models and optimizers are called, ordered and coloured: the one place that knows.

A new yaml in `configs/` works without an entry here: it goes by its own name, after the others, in a shade of grey; a
test says which entries are missing. A new entry's colour has to differ from all others to any kind of colour vision,
which `tests/scripts/loading/test_display.py` measures.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from experiments.config.cell import Cell, name_and_overrides

BLACK = "#000000"
COUNTS = {4: "four", 8: "eight", 9: "nine"}


@dataclass(frozen=True)
class OptimizerDisplay:
    """name: as the papers spell it.

    colour: of its lines; None for a shade of the optimizer that it is a variant of, else of black.
    variant_of: the optimizer by whose name it goes where an override in `choices` says which variant it is.
    """

    name: str
    colour: str | None = None
    variant_of: str = ""
    choices: tuple[str, ...] = ()


# In the order of the paper's figures, then of everything else. The method in question is black.
OPTIMIZERS = {
    "adabelief": OptimizerDisplay("AdaBelief", BLACK),
    "sgd": OptimizerDisplay("SGD", "#D55E00"),
    "adabound": OptimizerDisplay("AdaBound", "#0072B2"),
    "yogi": OptimizerDisplay("Yogi", "#009E73"),
    "adam": OptimizerDisplay("Adam", "#E377C2"),
    "msvag": OptimizerDisplay("MSVAG", "#56B4E9"),
    "radam": OptimizerDisplay("RAdam", "#E69F00"),
    "adamw": OptimizerDisplay("AdamW", "#882255"),
    "fromage": OptimizerDisplay("Fromage", "#999933"),
    "adadiff": OptimizerDisplay("AdaDiff", "#0000FF"),
    "rmsprop": OptimizerDisplay("RMSprop", "#117733"),
    "padam": OptimizerDisplay("Padam", "#5A005A"),
    "eadam": OptimizerDisplay("EAdam", "#332288"),
    "adabelief_variant": OptimizerDisplay(
        "AdaBelief variant", None, "adabelief", ("decay", "residual", "inner_eps", "maximum", "rectify")
    ),
    "amsgrad": OptimizerDisplay("AMSGrad", "#B478FF"),
    "adan": OptimizerDisplay("Adan", "#96C378"),
    "adopt": OptimizerDisplay("ADOPT", "#3C2D0F"),
    "lion": OptimizerDisplay("Lion", "#B42DFF"),
    "adadiff_variant": OptimizerDisplay("AdaDiff variant", "#E1A5B4", "adadiff", ("form",)),
    "external": OptimizerDisplay("an external optimizer"),
}
MODELS = {
    "vgg11": "VGG11", "resnet34": "ResNet34", "densenet121": "DenseNet121",
    "lstm1": "1-layer LSTM", "lstm2": "2-layer LSTM", "lstm3": "3-layer LSTM",
    "dcgan": "DCGAN", "sngan": "SN-GAN", "resnet18": "ResNet18",
}  # fmt: skip
DATA = {
    "cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "digits": "Digits", "ptb": "Penn Treebank",
    "topics": "Python's help topics", "wikitext2": "WikiText-2", "imagenet": "ImageNet",
    "tiny_imagenet": "Tiny ImageNet (20 classes)", "digits_jpeg": "Digits as JPEGs",
}  # fmt: skip
# Settings that are a network of their own: their name stands where others have their model's.
NETWORK_SETTINGS = {"wgan": "WGAN", "wgan-gp": "WGAN-GP", "sngan": "SN-GAN"}
RECIPE_SETTINGS = {
    "adabelief-cifar": "AdaBelief on CIFAR", "adabelief-ptb": "AdaBelief on PTB, the official curves",
    "adabelief-ptb-figure": "AdaBelief on PTB, Fig. 5", "adabelief-imagenet": "AdaBelief on ImageNet",
    "adadiff-ptb": "AdaDiff on PTB",
}  # fmt: skip

LIGHTENED = (0.25, 0.55)  # how far the first and the last of several shades lie on the way to white
LIGHTENED_ALONE = 0.42  # where there is one shade beside its optimizer
LIGHT = 0.38  # colours of more luminance than this grow darker instead


def optimizer_name(optimizer: str) -> str:
    """How an optimizer with its overrides is shown: "AdaBelief, eps=1e-16"; an import path as it is."""
    base, overrides = name_and_overrides(optimizer)
    entry = OPTIMIZERS.get(base, OptimizerDisplay(base))
    told = any(override.partition("=")[0] in entry.choices for override in overrides)
    return ", ".join([OPTIMIZERS[entry.variant_of].name if told else entry.name, *overrides])


def optimizer_rank(optimizer: str) -> int:
    """Its place among the others; an optimizer without an entry comes last."""
    base, _ = name_and_overrides(optimizer)
    return list(OPTIMIZERS).index(base) if base in OPTIMIZERS else len(OPTIMIZERS)


def optimizer_colours(optimizers: Iterable[str]) -> dict[str, str]:
    """A colour ("#rrggbb") for each of the optimizers that one figure shows, in whatever order they are given.

    An optimizer has its own colour, with overrides too if it is there only once; of several the others have shades of
    it. Black is AdaBelief's; its variants and optimizers without a colour share the shades of black.
    """
    members: dict[str, list[str]] = {}
    for optimizer in sorted(set(optimizers), key=lambda name: (optimizer_rank(name), "," in name, name)):
        members.setdefault(own_colour(optimizer) or BLACK, []).append(optimizer)
    found: dict[str, str] = {}
    for colour, names in members.items():
        first, *others = names if own_colour(names[0]) else ("", *names)
        found |= {first: colour, **dict(zip(others, shades(colour, len(others))))}
    found.pop("", None)
    return found


def own_colour(optimizer: str) -> str | None:
    base, _ = name_and_overrides(optimizer)
    return OPTIMIZERS[base].colour if base in OPTIMIZERS else None


def shades(colour: str, count: int) -> list[str]:
    """Shades of a colour that differ from it and from each other: lighter ones, of a light colour darker ones."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    luminance = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
    end = 0.0 if luminance > LIGHT else 1.0
    first, last = LIGHTENED
    shares = [LIGHTENED_ALONE] if count == 1 else [first + (last - first) * i / (count - 1) for i in range(count)]
    return [
        "#" + "".join(f"{round(255 * (c + (end - c) * share)):02X}" for c in (red, green, blue)) for share in shares
    ]


def count_optimizers(cells: Iterable[Cell]) -> str:
    """How many optimizers there are, in words: "nine optimizers"."""
    count = len({cell.optimizer for cell in cells})
    return f"{COUNTS.get(count, count)} optimizer{'' if count == 1 else 's'}"


def setting_name(setting: str) -> str:
    """How a setting is shown; one without an entry as it is spelt. So for models and data sets."""
    return NETWORK_SETTINGS.get(setting) or RECIPE_SETTINGS.get(setting, setting)


def model_name(model: str) -> str:
    return MODELS.get(model, model)


def data_name(data: str) -> str:
    return DATA.get(data, data)


def network_name(setting: str, model: str) -> str:
    """What is trained: "WGAN" of a setting that is a model of its own, else the model, "VGG11"."""
    return NETWORK_SETTINGS.get(setting) or model_name(model)


def panel_title(data: str, model: str) -> str:
    """ "VGG11 on CIFAR-10"."""
    return f"{model_name(model)} on {data_name(data)}"
