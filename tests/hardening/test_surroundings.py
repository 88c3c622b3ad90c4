"""What is written depends on the request alone, not on locale, time zone or hash seed; nothing ever asks a network."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXPORT = """
import sys
import aie_explorer as aie
design = aie.Explorer(aie.load("examples/digits_mlp.h5")).best("interval", max_tiles=12)
design.export(sys.argv[1] + "/p", verify=False)
from aie_explorer.cli import main
assert main(["best", "examples/digits_mlp.h5", "--max-tiles", "12"]) == 0
assert main(["sweep", "examples/digits_mlp.h5", "--over", "batch=1,2", "--out", sys.argv[1] + "/s.csv"]) == 0
"""
SURROUNDINGS = [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "TZ": "Pacific/Kiritimati",
                 "PYTHONHASHSEED": "1"},
                {"LC_ALL": "tr_TR.UTF-8", "LANG": "de_DE.UTF-8", "TZ": "America/St_Johns", "PYTHONHASHSEED": "2"}]
# a locale that is not installed is the C locale to Python; what matters of tr_TR and de_DE is looked at below


def written(folder, more):
    """Digests of all files, and what was printed."""
    folder.mkdir()
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder)} | more
    done = subprocess.run([sys.executable, "-c", EXPORT, str(folder)], cwd=ROOT, env=env, capture_output=True)
    assert done.returncode == 0, done.stderr
    return {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in folder.rglob("*") if file.is_file()}, done.stdout.replace(str(folder).encode(), b"")


def test_what_is_written_is_the_same_everywhere(tmp_path):
    first, *others = (written(tmp_path / str(i), more) for i, more in enumerate(SURROUNDINGS))
    assert len(first[0]) > 20
    for other in others:
        assert other[0] == first[0]
        assert other[1].decode().replace("±", "+-") == first[1].decode()


def test_no_code_asks_for_the_locale():
    """Numbers are formatted by Python's own rules, which know no locale; the encoding of files is named."""
    for file in (ROOT / "aie_explorer").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert "import locale" not in text, file
        for call in ("read_text()", "write_text(text)", ":n}"):
            assert call not in text, f"{file}: {call}"


OFFLINE = """
import socket, sys
real = socket.socket.connect
def refused(self, address):
    if self.family == socket.AF_UNIX or (isinstance(address, tuple) and str(address[0]).startswith(("127.", "::1"))):
        return real(self, address)
    raise SystemExit(f"asked for {address}")
socket.socket.connect = socket.socket.connect_ex = refused
def no_names(*arguments, **more):
    raise SystemExit(f"asked for the address of {arguments}")
socket.getaddrinfo = socket.gethostbyname = no_names
def local(address):
    return isinstance(address, (str, bytes)) or str(address[0]).startswith(("127.", "::1"))
def audit(event, arguments):
    if event == "socket.connect" and not local(arguments[1]):
        raise SystemExit(f"{event} {arguments}")
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "urllib.Request", "http.client.connect"):
        raise SystemExit(f"{event} {arguments}")
sys.addaudithook(audit)
import aie_explorer as aie
from aie_explorer.plots import html_report
folder = sys.argv[1]
explorer = aie.Explorer(aie.load("examples/digits_mlp.h5"))
explorer.sweep({"batch": [1, 2]})
explorer.pareto()
design = explorer.best("tiles")
design.place(), design.plan(), design.check(), design.timeline()
project = design.export(folder + "/p", verify=sys.argv[2] == "verify")
html = html_report(design, folder + "/r.html", explorer=explorer)
explorer.ui()
print("done")
"""


@pytest.mark.parametrize("how", ["write", pytest.param("verify", marks=pytest.mark.slow)])
def test_nothing_asks_a_network(tmp_path, how):
    done = subprocess.run([sys.executable, "-c", OFFLINE, str(tmp_path), how], cwd=ROOT, capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert (done.stdout.splitlines() or [""])[-1] == "done", done.stderr
    page = (tmp_path / "r.html").read_text("utf-8")
    assert 'src="http' not in page.replace("'", '"')
    assert '<link' not in page


def test_the_guard_works(tmp_path):
    for call in ("socket.create_connection(('192.0.2.1', 80), 1)", "socket.getaddrinfo('example.org', 80)"):
        code = OFFLINE.split("import aie_explorer", maxsplit=1)[0] + call
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.returncode == 1
        assert "asked for" in done.stderr or "socket." in done.stderr
