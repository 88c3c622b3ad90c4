"""A project with little to compile."""

import pytest

PROGRAM = """#include <cstdio>
#include <filesystem>
int main()
{
    std::filesystem::create_directories("x86simulator_output/data");
    std::FILE* file = std::fopen("x86simulator_output/data/y.txt", "w");
    std::fputs("1 2 3", file);
}
"""


@pytest.fixture
def project(tmp_path):
    """Little to compile."""
    (tmp_path / "p" / "aie" / "kernels").mkdir(parents=True)
    (tmp_path / "p" / "data").mkdir()
    (tmp_path / "p" / "aie" / "graph.cpp").write_text(PROGRAM)
    (tmp_path / "p" / "aie" / "kernels" / "k.cpp").write_text("int k;")
    return tmp_path / "p"
