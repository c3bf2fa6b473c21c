"""Figures of grids and studies.

catalogue           which figures there are
figure              what they have in common: plain numbers that draw themselves
digest, rendering   whether a figure's files are up to date, and writing them
canvas              titles, legends and bare axes; line_kinds, line_labels: how lines look and are named

One module a kind of figure makes its numbers and draws it: learning_curves (its lines come from `curves`, which draws
nothing; above them end_scores; in the place of train scores ablation; titles and captions from scale_figures),
first_epochs, distances, sample_sheets, printed_scores, logit_spread, tuning_curves, heat_maps.
"""
