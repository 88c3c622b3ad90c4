"""The order in which tilings visit a buffer, against what AMD's public documentation prints.

Sources: XD100, "Tiling Parameter Programming" (2025.1), which runs the examples of UG1603 "Tiling Parameters Examples"
and prints their outputs; UG1603 "Tiling Parameters Specification" for the buffer of 12 x 8. Expected lists are
written by hand from there; "." is a zero that was filled in.
"""

import pytest

PROGRAM = r"""
#include <adf.h>
#include <iostream>
template <class T>
std::vector<T> numbers() {
    std::size_t count = 0;
    std::cin >> count;
    std::vector<T> list(count);
    for (auto& value : list)
        std::cin >> value;
    return list;
}
int main() {
    adf::tiling_parameters p;
    const auto dimensions = numbers<std::uint32_t>();
    p.buffer_dimension = dimensions;
    p.tiling_dimension = numbers<std::uint32_t>();
    p.offset = numbers<std::int32_t>();
    const auto loops = numbers<int>();
    for (std::size_t i = 0; i < loops.size(); i += 3)
        p.tile_traversal.push_back({.dimension = loops[i], .stride = static_cast<std::uint32_t>(loops[i + 1]),
            .wrap = static_cast<std::uint32_t>(loops[i + 2])});
    p.boundary_dimension = numbers<std::uint32_t>();
    for (long index : emulation::indices(adf::tiling(p), dimensions))
        std::cout << index << ' ';
    std::cout << '\n';
}
"""

# name: (buffer, tile, offset, (dimension, stride, wrap, ...), boundary, expected)
EXAMPLES = {
    # 1D examples
    "linear": ([256], [256], [0], [], [], "0-255"),
    "linear in tiles of one": ([256], [1], [0], [0, 1, 256], [], "0-255"),
    "zeros before": ([256], [256], [-32], [0, 256, 1], [], ".*32 0-223"),
    "zeros before and after": ([256], [288], [-16], [0, 256, 1], [256], ".*16 0-255 .*16"),
    "a boundary": ([256], [128], [-16], [0, 144, 2], [96], ".*16 0-95 .*16 .*128"),
    # 2D examples
    "2D linear": ([128, 2], [128, 2], [0, 0], [], [], "0-127 128-255"),
    "2D row by row": ([128, 2], [128, 1], [0, 0], [0, 128, 1, 1, 1, 2], [], "0-127 128-255"),
    "zeros on dimension 0": ([128, 2], [160, 1], [-16, 0], [0, 128, 1, 1, 1, 2], [],
                             ".*16 0-127 .*16 .*16 128-255 .*16"),
    "tiles of 4 x 2": ([16, 4], [4, 2], [0, 0], [0, 4, 4, 1, 2, 2], [],
                       "0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 "
                       "8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 "
                       "32 33 34 35 48 49 50 51 36 37 38 39 52 53 54 55 "
                       "40 41 42 43 56 57 58 59 44 45 46 47 60 61 62 63"),
    "upper half of a line": ([32, 1], [16, 1], [16, 0], [0, 1, 1], [], "16-31"),
    # 3D examples
    "3D linear": ([32, 4, 2], [32, 4, 2], [0, 0, 0], [], [], "0-255"),
    "3D zeros around": ([32, 4, 2], [34, 6, 2], [-1, -1, 0], [], [],
                        ".*34 . 0-31 . . 32-63 . . 64-95 . . 96-127 . .*34 "
                        ".*34 . 128-159 . . 160-191 . . 192-223 . . 224-255 . .*34"),
    # the 4D example
    "4D": ([4, 4, 4, 4], [4, 1, 1, 4], [0, 0, 0, 0], [2, 1, 4, 1, 1, 4], [],
           "0-3 64-67 128-131 192-195 16-19 80-83 144-147 208-211 32-35 96-99 160-163 224-227 "
           "48-51 112-115 176-179 240-243 "
           "4-7 68-71 132-135 196-199 20-23 84-87 148-151 212-215 36-39 100-103 164-167 228-231 "
           "52-55 116-119 180-183 244-247 "
           "8-11 72-75 136-139 200-203 24-27 88-91 152-155 216-219 40-43 104-107 168-171 232-235 "
           "56-59 120-123 184-187 248-251 "
           "12-15 76-79 140-143 204-207 28-31 92-95 156-159 220-223 44-47 108-111 172-175 236-239 "
           "60-63 124-127 188-191 252-255"),
    # a graphical example: the buffer of 10 x 6, two writers and two readers
    "10 x 6, first writer": ([10, 6], [3, 2], [0, 0], [0, 3, 2, 1, 2, 3], [],
                             "0-2 10-12 3-5 13-15 20-22 30-32 23-25 33-35 40-42 50-52 43-45 53-55"),
    "10 x 6, second writer": ([10, 6], [2, 3], [6, 0], [1, 3, 2, 0, 2, 2], [],
                              "6-7 16-17 26-27 36-37 46-47 56-57 8-9 18-19 28-29 38-39 48-49 58-59"),
    "10 x 6, first reader": ([10, 6], [2, 6], [0, 0], [0, 2, 2], [],
                             "0-1 10-11 20-21 30-31 40-41 50-51 2-3 12-13 22-23 32-33 42-43 52-53"),
    "10 x 6, second reader": ([10, 6], [3, 6], [4, 0], [0, 3, 2], [],
                              "4-6 14-16 24-26 34-36 44-46 54-56 7-9 17-19 27-29 37-39 47-49 57-59"),
    # tiling parameters specification: the buffer of 12 x 8
    "12 x 8, written by columns": ([12, 8], [4, 3], [0, 0], [1, 3, 2, 0, 4, 3], [],
                                   "0-3 12-15 24-27 36-39 48-51 60-63 4-7 16-19 28-31 40-43 52-55 64-67 "
                                   "8-11 20-23 32-35 44-47 56-59 68-71"),
    "12 x 8, read with overlap": ([12, 8], [7, 2], [0, 0], [0, 5, 2, 1, 2, 3], [],
                                  "0-6 12-18 5-11 17-23 24-30 36-42 29-35 41-47 48-54 60-66 53-59 65-71"),
}


def spelled_out(text):
    for word in text.split():
        if word.startswith("."):
            yield from [-1] * int(word[2:] or 1)
        else:
            first, _, last = word.partition("-")
            yield from range(int(first), int(last or first) + 1)


@pytest.fixture(scope="module")
def program(compile_program):
    return compile_program(PROGRAM)


@pytest.mark.parametrize("name", EXAMPLES)
def test_printed_example(program, name):
    *parameters, expected = EXAMPLES[name]
    text = " ".join(f"{len(values)} {' '.join(map(str, values))}" for values in parameters)
    assert program.numbers(text=text) == [list(spelled_out(expected))]


def test_both_writers_of_the_10_x_6_buffer_cover_it_once():
    written = [index for name in EXAMPLES if name.endswith("writer") for index in spelled_out(EXAMPLES[name][-1])]
    assert sorted(written) == list(range(60))
