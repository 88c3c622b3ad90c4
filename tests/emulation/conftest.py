"""Small C++ programs against the emulation's headers: compiled once, run with arguments."""

import subprocess

import pytest

from aie_explorer.emulation import find_compiler
from aie_explorer.emulation.build import include_folder

WARNINGS = ("-Wall", "-Wextra", "-Werror")


class Program:
    """A compiled program; calling it runs it in a folder of its own."""

    def __init__(self, source, folder, compiler=None, flags=()):
        self.folder = folder
        file = folder / "program.cpp"
        file.write_text(source)
        command = [compiler or find_compiler().path, "-std=c++20", "-O0", *WARNINGS, *flags, f"-I{include_folder()}",
                   str(file), "-o", str(folder / "program")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def run(self, *arguments, text="", folder=None, environment=None):
        """Exit code, what it printed, what it complained of."""
        done = subprocess.run([str(self.folder / "program"), *map(str, arguments)], input=text, capture_output=True,
                              text=True, cwd=folder or self.folder, env=environment or {}, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def numbers(self, *arguments, text=""):
        """What a run that ends well prints, as integers, line by line."""
        code, out, error = self.run(*arguments, text=text)
        assert code == 0, error
        return [[int(word) for word in line.split()] for line in out.splitlines()]


@pytest.fixture(scope="module")
def compile_program(tmp_path_factory):
    def compiled(source, **more):
        return Program(source, tmp_path_factory.mktemp("program"), **more)

    return compiled
