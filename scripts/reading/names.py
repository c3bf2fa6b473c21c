"""How data sets, models and optimizers are called, ordered and coloured in tables and figures."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.cell import Cell, name_and_overrides

COUNTS = {4: "four", 8: "eight", 9: "nine"}
OPTIMIZERS = {  # the order of the paper's figures
    "adabelief": "AdaBelief", "sgd": "SGD", "adabound": "AdaBound", "yogi": "Yogi", "adam": "Adam",
    "msvag": "MSVAG", "radam": "RAdam", "adamw": "AdamW", "fromage": "Fromage",
    "adadiff": "AdaDiff", "rmsprop": "RMSprop", "padam": "Padam", "eadam": "EAdam", "adabelief_variant": "AdaBelief",
}  # fmt: skip
MODELS = {
    "vgg11": "VGG11", "resnet34": "ResNet34", "densenet121": "DenseNet121",
    "lstm1": "1-layer LSTM", "lstm2": "2-layer LSTM", "lstm3": "3-layer LSTM",
    "dcgan": "DCGAN", "sngan": "SN-GAN", "resnet18": "ResNet18",
}  # fmt: skip
SETTINGS = {"wgan": "WGAN", "wgan-gp": "WGAN-GP", "sngan": "SN-GAN"}
DATA = {
    "cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "digits": "Digits", "ptb": "Penn Treebank",
    "topics": "Python's help topics", "wikitext2": "WikiText-2", "imagenet": "ImageNet",
    "tiny_imagenet": "Tiny ImageNet (20 classes)", "digits_jpeg": "Digits as JPEGs",
}  # fmt: skip
UNKNOWN = "#777777"
# One colour per optimizer, told apart with any kind of colour vision; the method in question is black, its variants
# are grey, another's that is shown beside it is lighter.
COLOURS = {
    "adabelief": "#000000", "sgd": "#D55E00", "adabound": "#0072B2", "yogi": "#009E73", "adam": "#E377C2",
    "msvag": "#56B4E9", "radam": "#E69F00", "adamw": "#882255", "fromage": "#999933",
    "adadiff": "#332288", "rmsprop": "#117733", "padam": "#AA4499", "eadam": "#332288",
    "adabelief_variant,inner_eps=this step": "#525252", "adabelief,eps=1e-16": "#7A7A7A",
    "adabelief_variant,inner_eps=none": "#A3A3A3", "sgd,lr=0.0316": "#E58A57", "adam,weight_decay=0": "#F0A6D6",
    "adabound,weight_decay=0": "#8FA6DB",
}  # fmt: skip


def optimizer_name(optimizer: str) -> str:
    """ "adabelief,eps=1e-16" is shown as "AdaBelief, eps=1e-16", an import path as it is."""
    base, overrides = name_and_overrides(optimizer)
    return ", ".join([OPTIMIZERS.get(base, base), *overrides])


def colour(optimizer: str) -> str:
    """An override has its optimizer's colour, unless one figure shows both."""
    return COLOURS.get(optimizer) or COLOURS.get(name_and_overrides(optimizer)[0], UNKNOWN)


def optimizers(cells: Iterable[Cell]) -> str:
    """ "nine optimizers"."""
    count = len({cell.optimizer for cell in cells})
    return f"{COUNTS.get(count, count)} optimizers"


def setting_name(setting: str) -> str:
    return SETTINGS.get(setting, setting)


def model_name(model: str) -> str:
    return MODELS.get(model, model)


def panel_title(data: str, model: str) -> str:
    """ "VGG11 on CIFAR-10"."""
    return f"{model_name(model)} on {data_name(data)}"


def data_name(data: str) -> str:
    return DATA.get(data, data)
