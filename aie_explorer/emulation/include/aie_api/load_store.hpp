// Vectors from and to memory. Every access is checked: in range, aligned, written before.
#pragma once

#include "../emulation/memory.hpp"
#include "vector.hpp"

#include <cstddef>

namespace aie {

inline constexpr unsigned vector_decl_align = 32;

template <unsigned N, class T>
vector<std::remove_const_t<T>, N> load_v(T* pointer)
{
    emulation::region::check(pointer, N * sizeof(T), false);
    vector<std::remove_const_t<T>, N> values;
    for (unsigned i = 0; i < N; ++i)
        values[i] = pointer[i];
    return values;
}

template <class T, unsigned N>
void store_v(T* pointer, const vector<T, N>& values)
{
    emulation::region::check(pointer, N * sizeof(T), true);
    for (unsigned i = 0; i < N; ++i)
        pointer[i] = values[i];
}

// The core has no instruction for these.
template <unsigned N, class T>
vector<std::remove_const_t<T>, N> load_unaligned_v(T*, unsigned = 1)
{
    emulation::fatal("unaligned_access", emulation::active_core()->name, "the core loads aligned vectors only: use load_v");
}
template <class T, unsigned N>
void store_unaligned_v(T*, const vector<T, N>&, unsigned = 1)
{
    emulation::fatal("unaligned_access", emulation::active_core()->name, "the core stores aligned vectors only: use store_v");
}

// Stands for a vector in memory: reading loads it, assigning stores it.
template <class T, unsigned N>
class vector_reference {
public:
    explicit vector_reference(T* pointer) : pointer_(pointer) {}
    operator vector<std::remove_const_t<T>, N>() const { return load_v<N>(pointer_); }
    const vector_reference& operator=(const vector<std::remove_const_t<T>, N>& values) const
    {
        store_v(pointer_, values);
        return *this;
    }
    const vector_reference& operator=(const vector_reference& other) const { return *this = static_cast<vector<std::remove_const_t<T>, N>>(other); }
    vector_reference(const vector_reference&) = default;

private:
    T* pointer_;
};

// Walks memory vector by vector.
template <class T, unsigned N>
class vector_iterator {
public:
    using value_type = vector<std::remove_const_t<T>, N>;
    using difference_type = std::ptrdiff_t;

    vector_iterator() = default;
    explicit vector_iterator(T* pointer) : pointer_(pointer) {}
    auto operator*() const
    {
        if constexpr (std::is_const_v<T>)
            return load_v<N>(pointer_);
        else
            return vector_reference<T, N>(pointer_);
    }
    auto operator[](difference_type i) const { return *(*this + i); }
    vector_iterator& operator++() { return *this += 1; }
    vector_iterator& operator--() { return *this -= 1; }
    vector_iterator operator++(int)
    {
        const vector_iterator before = *this;
        ++*this;
        return before;
    }
    vector_iterator operator--(int)
    {
        const vector_iterator before = *this;
        --*this;
        return before;
    }
    vector_iterator& operator+=(difference_type i)
    {
        pointer_ += i * static_cast<difference_type>(N);
        return *this;
    }
    vector_iterator& operator-=(difference_type i) { return *this += -i; }
    friend vector_iterator operator+(vector_iterator a, difference_type i) { return a += i; }
    friend vector_iterator operator-(vector_iterator a, difference_type i) { return a -= i; }
    friend difference_type operator-(const vector_iterator& a, const vector_iterator& b)
    {
        return (a.pointer_ - b.pointer_) / static_cast<difference_type>(N);
    }
    bool operator==(const vector_iterator&) const = default;
    auto operator<=>(const vector_iterator&) const = default;

private:
    T* pointer_ = nullptr;
};

template <unsigned N, class T>
vector_iterator<T, N> begin_vector(T* pointer)
{
    return vector_iterator<T, N>(pointer);
}
template <unsigned N, class T>
vector_iterator<const T, N> cbegin_vector(const T* pointer)
{
    return vector_iterator<const T, N>(pointer);
}
template <unsigned N, class T>
auto begin_restrict_vector(T* pointer)
{
    return begin_vector<N>(pointer);
}
template <unsigned N, class T>
auto cbegin_restrict_vector(const T* pointer)
{
    return cbegin_vector<N>(pointer);
}

}  // namespace aie
