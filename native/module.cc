// The door: everything that src/tensor sees of this folder.
#include <atomic>

#include "crash.h"
#include "exports.h"

namespace tailnas {
namespace {

std::atomic<bool> loaded{false};

napi_value init(napi_env env, napi_value exports) {
  return guarded(env, "Cannot load the engine", [&] {
    // One table of tensors and one set of libtorch modes: a second JavaScript thread would race on both.
    if (loaded.exchange(true)) throw UsageError("it is already loaded by another thread of this process; use child processes instead of workers");
    check(env, napi_add_env_cleanup_hook(env, [](void*) { loaded = false; }, nullptr));
    name_crashes();
    for (const auto& e : all_exports()) {
      napi_value function;
      check(env, napi_create_function(env, e.name, NAPI_AUTO_LENGTH, e.callback, nullptr, &function));
      check(env, napi_set_named_property(env, exports, e.name, function));
    }
    return exports;
  });
}

}  // namespace

const std::vector<Export>& all_exports() {
  static const auto* instance = [] {
    auto* all = new std::vector<Export>;
    for (const auto& group : {dispatch_exports(), tensor_exports(), autograd_exports(), memory_exports(), system_exports(), profile_exports(),
                              group_exports()})
      all->insert(all->end(), group.begin(), group.end());
    return all;
  }();
  return *instance;
}

}  // namespace tailnas

NAPI_MODULE(tailnas, tailnas::init)
