"""Statistics against other ways of working them out."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from scripts.loading.rank_correlation import (
    RESAMPLES,
    bootstrap_interval,
    kendall,
    kendall_interval,
    resamples,
    weighted_tau,
)
from scripts.loading.rank_correlation import signs as signs_of
from scripts.loading.statistics import columns_of, estimate, estimate_in, mcnemar, paired

SCORES = st.lists(st.integers(0, 10_000).map(lambda n: n / 100), min_size=2, max_size=12)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setattr("scripts.loading.content_cache.cache_file", lambda: tmp_path_factory.getbasetemp() / "c.sqlite")


@settings(deadline=None)
@given(SCORES)
def test_the_interval_is_students(scores):
    e = estimate(scores)
    assert e.mean == pytest.approx(np.mean(scores)) and e.sd == pytest.approx(np.std(scores, ddof=1))
    if e.sd > 0:
        low, high = stats.t.interval(0.95, len(scores) - 1, np.mean(scores), stats.sem(scores))
        assert (e.low, e.high) == (pytest.approx(low), pytest.approx(high))


@settings(deadline=None)
@given(st.dictionaries(st.integers(0, 5), st.floats(0, 100)), st.dictionaries(st.integers(0, 5), st.floats(0, 100)))
def test_differences_are_of_shared_seeds_and_turn_their_sign(ours, other):
    there, back = paired(ours, other), paired(other, ours)
    shared = ours.keys() & other.keys()
    assert (there is None) == (not shared)
    if there:
        assert there.n == len(shared) and there.mean == pytest.approx(-back.mean)


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), max_size=4))
def test_an_estimate_stands_in_a_row_and_comes_back(scores):
    assert estimate_in(columns_of("x", estimate(scores)), "x") == estimate(scores)


@settings(deadline=None)
@given(st.dictionaries(st.integers(0, 30), st.booleans()), st.dictionaries(st.integers(0, 30), st.booleans()))
def test_mcnemars_exact_p_is_the_sign_tests(first, second):
    only_first, only_second, p = mcnemar(first, second)
    shared = first.keys() & second.keys()
    assert only_first == sum((first[s], second[s]) == (True, False) for s in shared)
    n = only_first + only_second
    assert p == pytest.approx(stats.binomtest(only_first, n, 0.5).pvalue if n else 1.0)
    assert mcnemar(second, first) == (only_second, only_first, pytest.approx(p))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=9))
def test_tau_is_scipys(pairs):
    a, b = zip(*pairs)
    expected = stats.kendalltau(a, b).statistic
    assert kendall(a, b) == pytest.approx(expected, nan_ok=True)


@settings(deadline=None, max_examples=20)
@given(st.permutations(range(6)), st.lists(st.integers(0, 5), min_size=6, max_size=6))
def test_a_resample_is_tau_of_the_items_drawn(order, drawn):
    a, b = list(range(6)), list(order)
    counts = np.array([[drawn.count(item) for item in range(6)]], dtype=float)
    concordant = sum(
        np.sign(a[i] - a[j]) * np.sign(b[i] - b[j]) for i, j in product(drawn, repeat=2)
    )  # fmt: skip
    pairs = sum(i != j for i, j in product(drawn, repeat=2))
    found = weighted_tau(signs_of(a), signs_of(b), counts)[0]
    assert found == pytest.approx(concordant / pairs) if pairs else np.isnan(found)


def test_an_interval_that_is_remembered_is_the_one_that_was_worked_out():
    a, b = [3, 1, 2, 5, 4], [1, 2, 3, 4, 5]
    found = bootstrap_interval(a, b, 0)
    assert kendall_interval(a, b) == tuple(found) == kendall_interval([30, 10, 20, 50, 40], b)


@pytest.mark.parametrize("n", [2, 5, 9, 15, 18])
def test_distinct_draws_put_back_are_the_draws(n):
    counts, places = resamples(n, 3)
    expected = np.random.default_rng(3).multinomial(n, [1 / n] * n, size=RESAMPLES)
    assert np.array_equal(counts[places], expected) and (n > 15 or len(np.unique(counts, axis=0)) == len(counts))
