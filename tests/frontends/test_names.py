import re

from hypothesis import given
from hypothesis import strategies as st

from aie_explorer.frontends.names import CPP_KEYWORDS, LONGEST, TAKEN, TENSOR_SUFFIX, identifier


@given(st.lists(st.text(max_size=100) | st.sampled_from(["class", "CON", "Dense 1", "dense_1", "a" * 90, "1"])))
def test_names_are_safe_and_unique(texts):
    taken: set[str] = set()
    names = [identifier(text, taken) for text in texts]
    every = names + [name + TENSOR_SUFFIX for name in names]
    assert len(set(every)) == len(every)
    for name in every:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert "__" not in name  # reserved in C++
        assert len(name) <= LONGEST
        assert name not in CPP_KEYWORDS | TAKEN


def test_a_tensor_never_takes_the_name_of_a_layer():
    taken: set[str] = set()
    assert [identifier(text, taken) for text in ("fc", "fc_out", "fc")] == ["fc", "fc_out_2", "fc_2"]
