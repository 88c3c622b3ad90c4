"""Names of the model made safe, once, for C++, for files and for each other."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 60
"""Characters of the longest name, the suffix of its tensor included."""

TENSOR_SUFFIX = "_out"

_KEYWORDS = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t class co_await
co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype default delete do
double dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable namespace
new noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires return
short signed sizeof static static_assert static_cast struct switch template this thread_local throw true try typedef
typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq
"""
CPP_KEYWORDS = frozenset(_KEYWORDS.split())
"""Keywords of C++20 (cppreference.com, "C++ keywords")."""

_WORDS = """
adf aie assert cascade con aux bfloat16 buffer errno graph in input int16 int32 int64 int8 kernel linux main nul null
out output parameters plio port prn restrict source std stream uint16 uint32 uint64 uint8 unix weights window
"""
TAKEN = frozenset(_WORDS.split()) | {f"{device}{digit}" for device in ("com", "lpt") for digit in range(1, 10)}
"""Words that mean something in a generated project, or that a file system keeps for its devices."""


def identifier(text: str, taken: set[str], fallback: str = "layer") -> str:
    """A safe name close to `text`; it and its tensor's name are added to `taken`.

    >>> taken: set[str] = set()
    >>> [identifier(text, taken) for text in ("Dense 1", "dense_1", "class", "3d")]
    ['dense_1', 'dense_1_2', 'class_layer', 'layer_3d']
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or fallback
    if stem[0].isdigit():
        stem = f"{fallback}_{stem}"
    if stem in CPP_KEYWORDS or stem in TAKEN:
        stem = f"{stem}_{fallback}"
    name, count = _cut(stem, ""), 1
    while name in taken or name + TENSOR_SUFFIX in taken:
        count += 1
        name = _cut(stem, f"_{count}")
    taken.update((name, name + TENSOR_SUFFIX))
    return name


def _cut(stem: str, suffix: str) -> str:
    return stem[: LONGEST - len(TENSOR_SUFFIX) - len(suffix)].rstrip("_") + suffix
