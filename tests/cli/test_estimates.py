"""The commands estimate and calibration."""

import io
import json

import pytest

from aie_explorer.cli import main

SPEC = {"device": "vek280", "batch": 8, "layers": [
    {"k": 128, "n": 256, "dtype_in": "int8", "dtype_w": "int8", "dtype_out": "uint8", "bias": True, "relu": True,
     "microtile": [4, 8, 8], "cas_length": 1, "cas_num": 2, "split": "features"},
    {"k": 256, "n": 64, "dtype_in": "uint8", "dtype_w": "int8", "dtype_out": "int8", "bias": True, "relu": False,
     "microtile": [4, 8, 8], "cas_length": 1, "cas_num": 1, "split": "features"}]}


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(SPEC))
    return str(path)


def test_json(spec, capsys):
    assert main(["estimate", spec, "--json"]) == 0
    out = json.loads(capsys.readouterr().out)
    assert out["interval_cycles"] == pytest.approx(697, rel=0.03)  # published: 557.5 ns at 1250 MHz
    assert out["latency_first_out_cycles"] == pytest.approx(2825, rel=0.03)
    assert out["validity"] == "calibrated"
    assert [layer["name"] for layer in out["layers"]] == ["layer0", "layer1"]


def test_text(spec, capsys):
    assert main(["estimate", spec]) == 0
    out = capsys.readouterr().out
    for words in ("layer0", "calibrated", "±", "sets the whole interval", "padding"):
        assert words in out


def test_standard_input(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(SPEC)))
    assert main(["estimate", "-", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tiles"] == 3


@pytest.mark.parametrize(("text", "words"), [
    ("", "is not JSON"), ("[" * 100_000, "is not JSON"), ('{"device":\n "vek280",}', "in line 2, column 11"),
    ("7", "is not a JSON object"),
    ('{"device": 1, "device": 2}', "twice"),
    ('{"device": "vek280", "batch": NaN, "layers": []}', "NaN"), ("{}", "device is missing"),
    (json.dumps(SPEC).replace('"relu"', '"rely"', 1), "unknown key 'rely'. Close ones: relu")])
def test_mistakes_are_one_line(text, words, tmp_path, capsys):
    path = tmp_path / "spec.json"
    path.write_text(text)
    assert main(["estimate", str(path), "--json"]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.count("\n") == 1
    assert words in err


def test_a_byte_order_mark_is_passed_over(tmp_path, capsys):
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(SPEC), encoding="utf-8-sig")
    assert main(["estimate", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tiles"] == 3


def test_a_missing_file(capsys):
    assert main(["estimate", "nowhere.json"]) == 2
    assert "nowhere.json: cannot be read" in capsys.readouterr().err


def test_calibration(capsys):
    assert main(["calibration"]) == 0
    out = capsys.readouterr().out
    assert "K001" in out
    assert "worst_pct" in out
    assert main(["calibration", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"measured", "predicted", "error_pct"} <= set(found["rows"][0])
    assert found["summary"][0]["rows"] == 49
