"""What the full scale's tables say of their columns and settings."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.loading.measures import Measure
from scripts.tables.table import Block

OFFICIAL = "ours - official"
HEAD = [
    "{words}: after the last epoch (final), at its best epoch (best), mean of the last ten epochs "
    "(last 10). Ours: mean ± sd over n seeds.{public} A dash: nothing published, or not run yet.",
    "{difference}ours - AdaBelief: last-10 difference paired by seed, with its 95 % interval (t) from two seeds on.",
]
EXPLAINED = {
    "figure": " figure: read off the paper's {figure}, a mean over the authors' runs at about epochs 195-199, ± the "
    "error of the reading.",
    "official last 10": " official: the authors' published curve, a single run.",
    "reruns last 10": " reruns: independent runs with the same recipe and schedule, mean (n, range) or mean ± sd (n) "
    "of their last-10 values.",
}
DIFFERENCE = (
    "ours - official: difference of the last-10 values; (fig.) where it is taken from the figure for want of a curve. "
)
PAPER_BEST = "Under this protocol the best epoch is chosen on the test set, as the authors did."
CLEAN_BEST = (
    "Clean protocol: the best epoch is chosen on the validation split; not comparable with the published numbers, "
    "which stand above."
)
NOTES = {
    "adabelief-ptb": [
        "Recipes and schedule of the official curves (drops after epochs 100 and 145). The figure is of other runs: "
        "drops after 75 and 150 and, as its values suggest, AdamW and RAdam at rate 1e-3 with two and three layers. "
        "The official runs' recurrent matrices never received a gradient, nor do ours under this protocol. Sequence "
        "lengths come from the official generator (seed 141) whatever the run's seed; the five-seed reruns varied them."
    ],
    "adabelief-ptb-figure": [
        "Schedule and rates of the figure, as far as they can be told: drops after epochs 75 and 150, AdamW and RAdam "
        "at rate 1e-3 throughout. Every published curve drops at 100 and 145 (ptb.md has them), so none stands here."
    ],
    "adadiff-ptb": [
        "Recipes and schedule of AdaDiff's runs (drops after epochs 100 and 145). reruns: the three runs a cell of "
        "AdaDiff's own authors. They share one seed and so differ by the GPU's noise only. Nobody else ran AdaDiff; "
        "other runs of the three rivals stand in ptb.md."
    ],
}


def full_scale_head(blocks: Sequence[Block], measure: Measure) -> list[str]:
    """What the columns hold that the blocks show."""
    titles = {column.title for block in blocks for column in block.shown_columns}
    public = "".join(text for title, text in EXPLAINED.items() if title in titles).format(**vars(measure))
    difference = DIFFERENCE if OFFICIAL in titles else ""
    return [text.format(**vars(measure), public=public, difference=difference) for text in HEAD]
