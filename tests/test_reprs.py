"""Every object a user meets has a plain form for the terminal and a rich one for the notebook."""

import dataclasses
from html.parser import HTMLParser

import pytest
from networks import mlp

import aie_explorer as aie


@pytest.fixture(scope="module")
def explorer():
    return aie.Explorer(mlp([48, 24, 8]))


@pytest.fixture(scope="module")
def design(explorer):
    return explorer.best("interval", max_tiles=8)


@pytest.fixture(scope="module")
def project(design, tmp_path_factory):
    return design.export(tmp_path_factory.mktemp("reprs") / "p", verify=True)


class Balanced(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, _attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", ["explorer", "design", "estimate", "plan", "placement", "project", "verdict"])
def test_both_forms(name, explorer, design, project):
    value = {"explorer": explorer, "design": design, "estimate": design.estimate(), "plan": design.plan(),
             "placement": design.place(), "project": project, "verdict": project.verdict}[name]
    html = value._repr_html_()
    parser = Balanced()
    parser.feed(html)
    assert parser.open == []
    plain = str(value)
    assert "object at 0x" not in plain
    assert len(plain) < 1500
    assert len(html) < 60_000
    words = {"explorer": "dense0", "design": design.estimate().explanation.split(";")[0], "estimate": "dense0",
             "plan": "PLIO", "placement": "dense1", "project": "bit-exact", "verdict": "0 mismatches"}[name]
    assert words in html


def test_a_design_that_cannot_be_placed_says_so(design):
    assert "500" in design.pinned({"dense0": (500, 0)})._repr_html_()


def test_what_a_model_says_is_escaped(project):
    hostile = dataclasses.replace(project.verdict, tensors=tuple(
        dataclasses.replace(one, tensor="<script>alert(1)</script>") for one in project.verdict.tensors))
    assert "<script>" not in hostile._repr_html_()
