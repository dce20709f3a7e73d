// Random numbers, threads, devices and versions.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <torch/version.h>

#include <mutex>

#include "exports.h"
#include "kernels/variants.h"
#include "table.h"

namespace tailnas {
namespace {

napi_value seed(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot seed", [&] {
    const Args args(env, info);
    at::manual_seed(static_cast<uint64_t>(get_int(env, args[0])));
    return make_undefined(env);
  });
}

napi_value rng_state(napi_env env, napi_callback_info) {
  return guarded(env, "Cannot read the random state", [&] {
    auto generator = at::detail::getDefaultCPUGenerator();
    const std::lock_guard lock(generator.mutex());
    return make(env, table().put(env, generator.get_state()));
  });
}

napi_value set_rng_state(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot set the random state", [&] {
    const Args args(env, info);
    auto generator = at::detail::getDefaultCPUGenerator();
    const std::lock_guard lock(generator.mutex());
    generator.set_state(get_tensor(env, args[0]));
    return make_undefined(env);
  });
}

napi_value threads(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot set threads", [&] {
    const Args args(env, info);
    if (args.count > 0) {
      const auto n = get_int(env, args[0]);
      if (n < 1 || n > 1024) throw UsageError("threads must be between 1 and 1024, got " + std::to_string(n));
      at::set_num_threads(static_cast<int>(n));
    }
    return make(env, double(at::get_num_threads()));
  });
}

// versions() -> [libtorch it was built for, CUDA is usable]
napi_value versions(napi_env env, napi_callback_info) {
  return guarded(env, "Cannot read versions", [&] {
    const std::vector<std::string> out{TORCH_VERSION, at::hasCUDA() ? "cuda" : ""};
    return make_array(env, out, [&](const std::string& s) { return make(env, s); });
  });
}

// kernels() -> the instruction set of the fused operations
napi_value kernels_used(napi_env env, napi_callback_info) {
  return guarded(env, "Cannot choose kernels", [&] { return make(env, std::string(kernels::variant().name)); });
}

}  // namespace

std::string first_line(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  const std::string text = torch_error ? torch_error->what_without_backtrace() : error.what();
  return text.substr(0, text.find('\n'));
}

std::vector<Export> system_exports() {
  return {{"seed", seed}, {"rngState", rng_state}, {"setRngState", set_rng_state}, {"threads", threads}, {"versions", versions}, {"kernels", kernels_used}};
}

}  // namespace tailnas
