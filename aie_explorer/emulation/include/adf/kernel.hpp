// adf::kernel: class kernels with registered function and parameters.
#pragma once

#include "../emulation/program.hpp"
#include "ports.hpp"

#include <tuple>
#include <utility>

namespace adf {
namespace detail {

using node_ptr = std::shared_ptr<emulation::kernel_node>;

struct port_ref {
    node_ptr node;
    bool input;
    std::size_t index;
    emulation::kernel_port& get() const
    {
        auto& list = input ? node->in : node->out;
        if (index >= list.size())
            emulation::fatal("no_such_port", node->name, std::string(input ? "in[" : "out[") + std::to_string(index) + "]");
        return list[index];
    }
};

struct port_list {
    node_ptr node;
    bool input = true;
    port_ref operator[](std::size_t index) const { return {node, input, index}; }
};

struct param_ref {
    node_ptr node;
    std::size_t index;
    emulation::parameter_array& get() const
    {
        if (index >= node->params.size())
            emulation::fatal("no_such_port", node->name, "param[" + std::to_string(index) + "]");
        return node->params[index];
    }
};

struct param_list {
    node_ptr node;
    param_ref operator[](std::size_t index) const { return {node, index}; }
};

// What registerKernelClass() says, while create_object runs.
struct registration {
    std::function<void(void*, emulation::kernel_node&)> bind;
    std::vector<std::string> parameters;
    static registration*& current()
    {
        static registration* active = nullptr;
        return active;
    }
};

// One argument of a kernel function: which port it is, and how to make it for a call.
template <class Argument>
struct argument;

template <class T>
struct argument<input_buffer<T>&> {
    static void declare(emulation::kernel_node& n) { n.in.emplace_back().type = emulation::element_of<T>(); }
    static input_buffer<T> make(emulation::kernel_node& n, std::size_t& in, std::size_t&) { return input_buffer<T>(*n.in[in++].memory); }
};
template <class T>
struct argument<output_buffer<T>&> {
    static void declare(emulation::kernel_node& n) { n.out.emplace_back().type = emulation::element_of<T>(); }
    static output_buffer<T> make(emulation::kernel_node& n, std::size_t&, std::size_t& out) { return output_buffer<T>(*n.out[out++].memory); }
};
template <class Tag>
struct argument<input_cascade<Tag>*> {
    static void declare(emulation::kernel_node& n)
    {
        auto& p = n.in.emplace_back();
        p.cascade = true;
        p.acc_bits = Tag::bits;
    }
    static input_cascade<Tag> make(emulation::kernel_node& n, std::size_t& in, std::size_t&) { return {n.in[in++].beats.get()}; }
};
template <class Tag>
struct argument<output_cascade<Tag>*> {
    static void declare(emulation::kernel_node& n)
    {
        auto& p = n.out.emplace_back();
        p.cascade = true;
        p.acc_bits = Tag::bits;
    }
    static output_cascade<Tag> make(emulation::kernel_node& n, std::size_t&, std::size_t& out) { return {n.out[out++].beats.get()}; }
};

template <class Argument, class Value>
Argument forward(Value& value)
{
    if constexpr (std::is_pointer_v<Argument>)
        return &value;
    else
        return value;
}

template <class C, class... Arguments>
void register_function(void (C::*function)(Arguments...))
{
    registration::current()->bind = [function](void* object, emulation::kernel_node& node) {
        (argument<Arguments>::declare(node), ...);
        node.invoke = [function, object, &node] {
            std::size_t in = 0, out = 0;
            // braces: the arguments are made from left to right
            auto values = std::tuple{argument<Arguments>::make(node, in, out)...};
            [&]<std::size_t... I>(std::index_sequence<I...>) {
                (static_cast<C*>(object)->*function)(forward<Arguments>(std::get<I>(values))...);
            }(std::index_sequence_for<Arguments...>{});
        };
    };
}

// A registered array parameter: converts to a reference to an array of the length the constructor wants.
template <class T, std::size_t N>
using array_of = T[N];

template <class T>
struct array_argument {
    emulation::region* memory;
    std::string where;
    template <std::size_t N>
    operator array_of<T, N>&()
    {
        if (N * sizeof(T) != memory->bytes())
            emulation::fatal("parameter_size", where,
                "the constructor takes " + std::to_string(N) + " elements, the graph gives " + std::to_string(memory->bytes() / sizeof(T)));
        return *reinterpret_cast<T(*)[N]>(memory->data());
    }
};

template <class T>
array_argument<T> to_argument(emulation::kernel_node& node, const std::vector<T>& values)
{
    auto memory = std::make_unique<emulation::region>(
        values.size() * sizeof(T), node.name + " parameter " + std::to_string(node.params.size()), false);
    memory->fill(reinterpret_cast<const std::uint8_t*>(values.data()));
    emulation::region* raw = memory.get();
    node.params.push_back({std::move(memory), {}});
    return {raw, node.name};
}
template <class T>
const T& to_argument(emulation::kernel_node&, const T& value)
{
    return value;
}

}  // namespace detail

class kernel {
public:
    detail::port_list in, out;
    detail::param_list param;
    detail::node_ptr node;

    template <class C, class... Arguments>
    static kernel create_object(const Arguments&... arguments)
    {
        kernel k;
        k.node = std::make_shared<emulation::kernel_node>();
        auto& all = emulation::program::get().kernels;
        k.node->name = "kernel " + std::to_string(all.size());
        k.node->state.name = k.node->name;
        all.push_back(k.node);
        detail::registration said;
        detail::registration::current() = &said;
        C::registerKernelClass();
        detail::registration::current() = nullptr;
        auto object = std::make_shared<std::unique_ptr<C>>();
        // a braced tuple evaluates from left to right: parameters are numbered in the constructor's order
        auto made = std::tuple{detail::to_argument(*k.node, arguments)...};
        std::apply([&](auto&... a) { *object = std::unique_ptr<C>(new C(a...)); }, made);
        if (said.parameters.size() != k.node->params.size())
            emulation::fatal("unregistered_parameter", k.node->name,
                std::to_string(k.node->params.size()) + " arrays are given, " + std::to_string(said.parameters.size()) + " registered");
        if (!said.bind)
            emulation::fatal("unregistered_function", k.node->name, "registerKernelClass registers no function");
        said.bind(object->get(), *k.node);
        auto call = k.node->invoke;
        k.node->invoke = [object, call] { call(); };
        k.in = {k.node, true};
        k.out = {k.node, false};
        k.param = {k.node};
        return k;
    }
};

inline std::string& source(kernel& k) { return k.node->source; }

struct ratio {};
template <class Tag>
double& runtime(kernel& k)
{
    return k.node->ratio;
}

}  // namespace adf

#define REGISTER_FUNCTION(function) ::adf::detail::register_function(&function)
#define REGISTER_PARAMETER(member) ::adf::detail::registration::current()->parameters.emplace_back(#member)
