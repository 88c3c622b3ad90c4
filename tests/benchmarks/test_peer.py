"""Errors of the peer's documented formula beside ours, on the same published rows."""

from benchmarks import peer


def test_ours_is_nearer_on_every_kind_of_measurement():
    for name, (count, mean, worst, our_mean, our_worst) in peer.errors().items():
        assert count >= 2
        assert our_mean < mean / 3, name
        assert our_worst < worst / 3, name


def test_the_peers_formula_is_off_by_a_fifth_on_latencies():
    """Its error as it is known: 20 to 25 % on int8 networks."""
    _, mean, *_ = peer.errors()["latency, int8"]
    assert 18 < mean < 28
