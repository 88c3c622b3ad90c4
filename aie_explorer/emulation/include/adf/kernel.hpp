// adf::kernel: functions, and class kernels with registered function and parameters.
#pragma once

#include "arguments.hpp"

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

// A parameter the kernel can change.
struct inout_ref {
    node_ptr node;
    std::size_t index;
    emulation::kernel_port& get() const
    {
        if (index >= node->inout.size())
            emulation::fatal("no_such_port", node->name, "inout[" + std::to_string(index) + "]");
        return node->inout[index];
    }
};

struct inout_list {
    node_ptr node;
    inout_ref operator[](std::size_t index) const { return {node, index}; }
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

// How a call of a kernel is made, from its ports.
template <class... Arguments, class Function>
void bind(emulation::kernel_node& node, Function function)
{
    (argument<Arguments>::declare(node), ...);
    node.invoke = [function, &node] {
        cursor ports{node};
        // braces: the arguments are made from left to right
        auto held = std::tuple{argument<Arguments>::make(ports)...};
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            function(argument<Arguments>::pass(std::get<I>(held))...);
        }(std::index_sequence_for<Arguments...>{});
    };
}

template <class C, class... Arguments>
void register_function(void (C::*function)(Arguments...))
{
    registration::current()->bind = [function](void* object, emulation::kernel_node& node) {
        bind<Arguments...>(node, [function, object](Arguments... arguments) {
            (static_cast<C*>(object)->*function)(static_cast<Arguments>(arguments)...);
        });
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
    detail::inout_list inout;
    detail::param_list param;
    detail::node_ptr node;

    template <class... Arguments>
    static kernel create(void (*function)(Arguments...))
    {
        kernel k = make();
        detail::bind<Arguments...>(*k.node, function);
        return k;
    }

    template <class C, class... Arguments>
    static kernel create_object(const Arguments&... arguments)
    {
        kernel k = make();
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
        return k;
    }

private:
    static kernel make()
    {
        kernel k;
        k.node = std::make_shared<emulation::kernel_node>();
        auto& all = emulation::program::get().kernels;
        k.node->name = "kernel " + std::to_string(all.size());
        k.node->state.name = k.node->name;
        all.push_back(k.node);
        k.in = {k.node, true};
        k.out = {k.node, false};
        k.inout = {k.node};
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
