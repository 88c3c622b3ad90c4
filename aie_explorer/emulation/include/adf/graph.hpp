// The graph: connections are made by its constructor, checks by init(), and it runs when somebody waits for it.
#pragma once

#include "../emulation/entry.hpp"
#include "connect.hpp"

namespace adf {

enum return_code { ok = 0 };

class graph {
public:
    virtual ~graph() = default;
    graph() = default;
    graph(const graph&) = delete;
    graph& operator=(const graph&) = delete;

    return_code init()
    {
        std::atexit([] { emulation::finish(); });
        emulation::check_program();
        return ok;
    }
    // As many iterations as last time; the first time, and for -1, as long as there are data.
    return_code run() { return run(emulation::program::get().last_count); }
    return_code run(long iterations)
    {
        emulation::ask_for_run(iterations);
        return ok;
    }
    return_code wait()
    {
        emulation::run_pending();
        return ok;
    }
    return_code end()
    {
        emulation::finish();
        return ok;
    }

    template <class T>
    return_code update(const input_port& port, T value)
    {
        detail::update_values(*port.ends, &value, 1);
        return ok;
    }
    template <class T>
    return_code update(const input_port& port, const T* values, std::size_t count)
    {
        detail::update_values(*port.ends, values, count);
        return ok;
    }
    template <class T>
    return_code update(const inout_port& port, T value)
    {
        detail::update_values(*port.ends, &value, 1);
        return ok;
    }
    template <class T>
    return_code update(const inout_port& port, const T* values, std::size_t count)
    {
        detail::update_values(*port.ends, values, count);
        return ok;
    }
    template <class Direction, class T>
    return_code read(const port<Direction>& port, T& value)
    {
        static_assert(!std::is_same_v<Direction, input>, "an input port is not read");
        detail::read_values(*port.ends, &value, 1);
        return ok;
    }
    template <class Direction, class T>
    return_code read(const port<Direction>& port, T* values, std::size_t count)
    {
        static_assert(!std::is_same_v<Direction, input>, "an input port is not read");
        detail::read_values(*port.ends, values, count);
        return ok;
    }
};

}  // namespace adf
