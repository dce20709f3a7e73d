// Some of libtorch's operators trust their arguments and can end the process: the last thing it says is which one did.
#include "crash.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

namespace tailnas {
namespace {

// libtorch's own threads crash too, while the thread of JavaScript waits for them: one name for all.
std::atomic<const char*> current{nullptr};

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
};

void say(const char* text) {
  // Nothing may be allocated here, and nothing can be done about a stderr that is closed.
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text, std::strlen(text));
}

/// A fault comes again when the handler returns; what was sent by `kill` does not.
void leave_to(const struct sigaction& before, int signal, const siginfo_t* info) {
  sigaction(signal, &before, nullptr);
  if (info->si_code <= 0) raise(signal);
}

void on_crash(int signal, siginfo_t* info, void* context) {
  for (const auto& [number, what, before] : watched) {
    if (number != signal) continue;
    const char* name = current.load();
    if (name == nullptr && (before.sa_flags & SA_SIGINFO)) {
      // V8 turns faults of WebAssembly into exceptions.
      before.sa_sigaction(signal, info, context);
      return;
    }
    if (name != nullptr) {
      say("\ntailnas: the process ends inside ");
      say(name);
      say(": ");
      say(what);
      say(". libtorch does not check all arguments of this operator; look at indices, sizes and strides.\n");
    }
    leave_to(before, signal, info);
  }
}

}  // namespace

InOperator::InOperator(const char* name) { current = name; }
InOperator::~InOperator() { current = nullptr; }

void name_crashes() {
  struct sigaction action {};
  action.sa_sigaction = on_crash;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  for (auto& [number, what, before] : watched) sigaction(number, &action, &before);
}

}  // namespace tailnas
