"""The registry of names and colours: complete, never in the way of something new, told apart by every eye."""

from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.loading import display
from scripts.loading.display import (
    OPTIMIZERS,
    data_name,
    model_name,
    network_name,
    optimizer_colours,
    optimizer_name,
    optimizer_rank,
    setting_name,
    shades,
)

CONFIGS = Path(__file__).parents[3] / "configs"
REGISTRIES = {
    "optimizer": (OPTIMIZERS,), "model": (display.MODELS,), "data": (display.DATA,),
    "setting": (display.NETWORK_SETTINGS, display.RECIPE_SETTINGS),
}  # fmt: skip
# What an eye without one of its three kinds of cones makes of linear RGB (Machado, Oliveira and Fernandes 2009).
EYES = {
    "all cones": np.eye(3),
    "no red ones": np.array([
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998],
    ]),
    "no green ones": np.array([
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881],
    ]),
    "no blue ones": np.array([
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900],
    ]),
}  # fmt: skip
TO_XYZ = np.array([[0.41246, 0.35758, 0.18044], [0.21267, 0.71515, 0.07218], [0.01933, 0.11919, 0.95030]])
APART = 10.0  # least distance in CIELAB, where 2.3 is just seen side by side


def lab(colour, eye):
    """CIELAB coordinates of "#rrggbb" as an eye sees it, (3,)."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(eye @ linear, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("group", REGISTRIES)
def test_every_yaml_has_a_display_name(group):
    files = {path.stem for path in (CONFIGS / group).glob("*.yaml")}
    known = set().union(*REGISTRIES[group])
    assert not files - known, (
        f"scripts/loading/display.py has no entry for {group} {', '.join(sorted(files - known))}: "
        "it goes by its file's name and a shade of grey until it gets one"
    )
    assert not known - files, f"configs/{group} has no {', '.join(sorted(known - files))}, which display.py names"


@pytest.mark.parametrize("eye", EYES)
def test_every_optimizer_has_a_colour_of_its_own_to_every_eye(eye):
    colours = optimizer_colours(OPTIMIZERS.keys() - {"external"})
    assert colours["adabelief"] == "#000000"
    seen = {name: lab(colour, EYES[eye]) for name, colour in colours.items()}
    near = {(a, b): np.linalg.norm(seen[a] - seen[b]) for a, b in combinations(seen, 2)}
    assert min(near.values()) > APART, sorted(near.items(), key=lambda item: item[1])[:3]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_colour_stands_out_from_white(name):
    assert lab(optimizer_colours([name])[name], EYES["all cones"])[0] < 78


def test_something_new_goes_by_its_own_name():
    assert optimizer_name("sophia,lr=0.1") == "sophia, lr=0.1" and optimizer_rank("sophia") == len(OPTIMIZERS)
    assert [model_name("vit"), data_name("svhn"), setting_name("mine")] == ["vit", "svhn", "mine"]
    path = "external,_target_=torch.optim.NAdam,lr=0.001"
    assert optimizer_name(path) == "torch.optim.NAdam, lr=0.001"
    greys = optimizer_colours(["sophia", path, "adabelief", "adabelief,eps=1e-16"])
    assert greys["adabelief"] == "#000000" and len(set(greys.values())) == 4
    assert all(len({colour[1:3], colour[3:5], colour[5:7]}) == 1 for colour in greys.values())


def test_names():
    assert optimizer_name("adabelief,eps=1e-16") == "AdaBelief, eps=1e-16"
    assert optimizer_name("adabelief_variant,inner_eps=none") == "AdaBelief, inner_eps=none"
    assert optimizer_name("adabelief_variant,lr=0.01") == "AdaBelief variant, lr=0.01"
    assert optimizer_name("adadiff_variant,form=ada3") == "AdaDiff, form=ada3"
    assert network_name("wgan-gp", "dcgan") == "WGAN-GP" and network_name("adabelief-cifar", "vgg11") == "VGG11"


def test_an_override_has_its_optimizers_colour_unless_a_figure_shows_both():
    own = {name: optimizer_colours([name])[name] for name in ("sgd", "adam")}
    assert optimizer_colours(["sgd,lr=0.0316", "adam"]) == {"sgd,lr=0.0316": own["sgd"], "adam": own["adam"]}
    both = optimizer_colours(["sgd,lr=0.0316", "sgd", "adam"])
    assert both["sgd"] == own["sgd"] != both["sgd,lr=0.0316"]
    assert optimizer_colours(["adabelief,eps=1e-16"]) == {"adabelief,eps=1e-16": "#000000"}
    assert optimizer_colours(["adabelief_variant"])["adabelief_variant"] != "#000000"


OVERRIDES = ["", ",lr=0.1", ",lr=0.2", ",weight_decay=0", ",eps=1e-16", ",schedule=cosine"]
CHOSEN = st.lists(
    st.tuples(st.sampled_from([*OPTIMIZERS, "a.new.One"]), st.sampled_from(OVERRIDES)).map("".join), unique=True
)


@given(CHOSEN, st.randoms())
def test_colours_in_one_figure_differ_and_do_not_depend_on_the_order(names, random):
    colours = optimizer_colours(names)
    assert set(colours) == set(names) and len(set(colours.values())) == len(names)
    assert optimizer_colours(random.sample(names, len(names))) == colours
    assert all(colours[name] == "#000000" for name in names if name == "adabelief")


@given(st.integers(0, 0xFFFFFF), st.integers(1, 20))
def test_shades_go_one_way_and_are_not_the_colour_itself(number, count):
    colour = f"#{number:06X}"
    lightness = [lab(shade, np.eye(3))[0] for shade in (colour, *shades(colour, count))]
    assert len(lightness) == count + 1 and len(set(lightness)) == count + 1
    assert all(a < b for a, b in pairwise(lightness)) or all(a > b for a, b in pairwise(lightness))
