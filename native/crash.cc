// Some of libtorch's operators trust their arguments and can end the process: the last thing it says is which one did.
#include "crash.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <atomic>

namespace tailnas {
namespace {

// libtorch's own threads crash too, while the thread of JavaScript waits for them: one name for all. It stays when the
// operator is left: what it wrote where it should not may end the process only later.
char operator_name[128] = "";
std::atomic<bool> inside{false};

struct Watched {
  int signal;
  const char* what;
  struct sigaction before;
};
Watched watched[] = {
    {SIGSEGV, "memory that is not its own", {}},
    {SIGBUS, "memory that is not there", {}},
    {SIGFPE, "a division by zero", {}},
    {SIGILL, "an instruction that this processor has not", {}},
    {SIGABRT, "an abort", {}},
    {SIGTRAP, "an abort", {}},
};

/// Nothing may be allocated here, and nothing can be done about a stderr that is closed.
template <class... Texts>
void say(const Texts*... texts) {
  const char* parts[] = {"\ntailnas: the process ends ", texts..., "\n"};
  for (const char* text : parts) {
    [[maybe_unused]] const auto written = write(STDERR_FILENO, text, strlen(text));
  }
}

void on_crash(int signal, siginfo_t* info, void* context);

/// Whether V8 made an exception of WebAssembly of it. Where it did not, it has put the default in place of all handlers.
bool is_for_v8(const struct sigaction& before, int signal, siginfo_t* info, void* context) {
  if (!(before.sa_flags & SA_SIGINFO)) return false;
  before.sa_sigaction(signal, info, context);
  struct sigaction now;
  sigaction(signal, nullptr, &now);
  return (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_crash;
}

void on_crash(int signal, siginfo_t* info, void* context) {
  for (const auto& [number, what, before] : watched) {
    if (number != signal) continue;
    if (inside) {
      say("inside ", operator_name, ": ", what,
          ". libtorch does not check all arguments of this operator; look at indices, sizes and strides.");
    } else {
      if (is_for_v8(before, signal, info, context)) return;
      if (signal == SIGABRT || signal == SIGTRAP)
        say("because a library gave up; why stands above. Where memory was short, close other programs, or lower "
            "--batch-size or --image-size; what a run has saved is continued by `tailnas resume <run>`. The last operator "
            "of libtorch was ", operator_name[0] == '\0' ? "none" : operator_name, ".");
      else if (operator_name[0] != '\0')
        say("after ", operator_name, ": ", what, ". If that operator was called by name, look at its indices, sizes and strides.");
    }
    // A fault comes again when the handler returns; a trap, and what was sent by `kill` or `abort`, does not.
    sigaction(signal, &before, nullptr);
    if (info->si_code <= 0 || signal == SIGTRAP) raise(signal);
  }
}

/// A stack of its own for the handler, on the thread of JavaScript: an operator that calls itself without end leaves none.
void reserve_stack() {
  static char memory[64 << 10];
  const stack_t stack{memory, 0, sizeof memory};
  sigaltstack(&stack, nullptr);
}

}  // namespace

InOperator::InOperator(const char* name) {
  memccpy(operator_name, name, 0, sizeof operator_name - 1);
  inside = true;
}
InOperator::~InOperator() { inside = false; }

void name_crashes() {
  reserve_stack();
  struct sigaction action {};
  action.sa_sigaction = on_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (auto& [number, what, before] : watched) sigaction(number, &action, &before);
}

}  // namespace tailnas
