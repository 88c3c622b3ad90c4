// Cooperative fibers, run round robin. When none of them can go on, the program is deadlocked and says who waits for
// what.
#pragma once

#include "diagnostics.hpp"

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
        static scheduler instance;
        return instance;
    }

    void add(std::string name, std::function<void()> work)
    {
        fibers_.push_back(std::make_unique<fiber>(std::move(name), std::move(work)));
    }

    // Run every fiber to its end.
    void run()
    {
        while (!fibers_.empty()) {
            bool moved = false;
            for (auto& f : fibers_) {
                if (f->ready && !f->ready())
                    continue;
                f->ready = nullptr;
                moved = true;
                enter(*f);
            }
            std::erase_if(fibers_, [](const auto& f) { return f->done; });
            if (!moved)
                deadlock();
        }
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
        bool started = false, done = false;
        void* fake_stack = nullptr;
    };

    void enter(fiber& f)
    {
        current_ = &f;
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

    [[noreturn]] void deadlock()
    {
        std::string text = "nobody can go on:";
        for (auto& f : fibers_)
            text += " [" + f->name + (f->state.empty() ? "" : ", " + f->state) + ", waits for " + f->reason + "]";
        fatal("deadlock", "graph", text);
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
