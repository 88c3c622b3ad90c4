import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aie_explorer.search.pareto import nondominated

points = st.integers(0, 40).flatmap(lambda n: arrays(np.float64, (n, 3), elements=st.integers(0, 6).map(float)))


def brute_force(p):
    return [i for i in range(len(p)) if not any(np.all(q <= p[i]) and np.any(q < p[i]) for q in p)]


@given(points)
def test_equals_brute_force(p):
    assert nondominated(p, keep_equal=True).tolist() == brute_force(p)


@given(points)
def test_keeps_one_of_equal_points(p):
    kept = nondominated(p)
    assert {tuple(p[i]) for i in kept} == {tuple(p[i]) for i in brute_force(p)}
    assert len({tuple(p[i]) for i in kept}) == len(kept)
