// Cooperative fibers, run round robin. When none of them can go on although some must end, the program is deadlocked
// and says who waits for what. A fiber may run on a core: its registers are the active ones meanwhile.
#pragma once

#include "core.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <ucontext.h>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define EMULATION_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EMULATION_ASAN 1
#endif
#endif
#ifdef EMULATION_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace emulation {

class scheduler {
public:
    static scheduler& get()
    {
        static auto* instance = new scheduler;  // fibers that wait for ever keep their stacks to the end
        return *instance;
    }

    void add(std::string name, std::function<void()> work, core* registers = nullptr, bool must_end = false)
    {
        fibers_.push_back(std::make_unique<fiber>(std::move(name), std::move(work)));
        fibers_.back()->registers = registers ? registers : &idle_core();
        fibers_.back()->must_end = must_end;
    }

    // Run until nobody can go on; returns whether all that must end have ended.
    bool run()
    {
        for (bool moved = true; moved;) {
            moved = false;
            for (auto& f : fibers_) {
                if (f->ready && !f->ready())
                    continue;
                f->ready = nullptr;
                moved = true;
                enter(*f);
            }
            std::erase_if(fibers_, [](const auto& f) { return f->done; });
        }
        for (const auto& f : fibers_)
            if (f->must_end)
                return false;
        return true;
    }

    // Called by a fiber: go on when `ready` holds.
    void wait(std::function<bool()> ready, std::string reason)
    {
        if (ready())
            return;
        current_->ready = std::move(ready);
        current_->reason = std::move(reason);
        leave(false);
    }

    void note(std::string state) { current_->state = std::move(state); }

    [[noreturn]] void deadlock()
    {
        std::string text = "nobody can go on:";
        for (auto& f : fibers_)
            text += " [" + f->name + (f->state.empty() ? "" : ", " + f->state) + ", waits for " + f->reason + "]";
        fatal("deadlock", "graph", text);
    }

private:
    static constexpr std::size_t stack_bytes = 512 * 1024;

    struct fiber {
        fiber(std::string n, std::function<void()> w) : name(std::move(n)), work(std::move(w)), stack(stack_bytes) {}
        std::string name;
        std::function<void()> work;
        std::vector<char> stack;
        ucontext_t context{};
        std::function<bool()> ready;
        std::string reason, state;
        bool started = false, done = false, must_end = false;
        core* registers = nullptr;
        void* fake_stack = nullptr;
    };

    void enter(fiber& f)
    {
        current_ = &f;
        active_core() = f.registers;
        if (!f.started) {
            f.started = true;
            getcontext(&f.context);
            f.context.uc_stack.ss_sp = f.stack.data();
            f.context.uc_stack.ss_size = f.stack.size();
            f.context.uc_link = nullptr;
            makecontext(&f.context, &scheduler::trampoline, 0);
        }
#ifdef EMULATION_ASAN
        __sanitizer_start_switch_fiber(&main_fake_stack_, f.stack.data(), f.stack.size());
#endif
        swapcontext(&main_, &f.context);
#ifdef EMULATION_ASAN
        __sanitizer_finish_switch_fiber(main_fake_stack_, nullptr, nullptr);
#endif
        current_ = nullptr;
        active_core() = &idle_core();
    }

    void leave(bool last)
    {
        fiber& f = *current_;
#ifdef EMULATION_ASAN
        __sanitizer_start_switch_fiber(last ? nullptr : &f.fake_stack, main_stack_, main_stack_bytes_);
#else
        (void)last;
#endif
        swapcontext(&f.context, &main_);
#ifdef EMULATION_ASAN
        __sanitizer_finish_switch_fiber(f.fake_stack, nullptr, nullptr);
#endif
    }

    static void trampoline()
    {
        scheduler& s = get();
#ifdef EMULATION_ASAN
        __sanitizer_finish_switch_fiber(nullptr, &s.main_stack_, &s.main_stack_bytes_);
#endif
        s.current_->work();
        s.current_->done = true;
        s.leave(true);
    }

    std::vector<std::unique_ptr<fiber>> fibers_;
    fiber* current_ = nullptr;
    ucontext_t main_{};
#ifdef EMULATION_ASAN
    void* main_fake_stack_ = nullptr;
    const void* main_stack_ = nullptr;
    std::size_t main_stack_bytes_ = 0;
#endif
};

}  // namespace emulation
