// Random numbers, threads, devices and versions.
#include <ATen/ATen.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>
#include <c10/core/CachingDeviceAllocator.h>
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

c10::Device device_argument(napi_env env, napi_value v) { return c10::Device(get_string(env, v)); }

// rngState(device) -> the state of what draws on that device
napi_value rng_state(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot read the random state", [&] {
    const Args args(env, info);
    auto generator = at::globalContext().defaultGenerator(device_argument(env, args[0]));
    const std::lock_guard lock(generator.mutex());
    return make(env, table().put(env, generator.get_state()));
  });
}

// setRngState(handle, device)
napi_value set_rng_state(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot set the random state", [&] {
    const Args args(env, info);
    auto generator = at::globalContext().defaultGenerator(device_argument(env, args[1]));
    const std::lock_guard lock(generator.mutex());
    generator.set_state(get_tensor(env, args[0]));
    return make_undefined(env);
  });
}

// deviceMemory(device, reset the peak) -> [live, peak, kept] in bytes; of a device with an allocator of its own
napi_value device_memory(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot read the memory of a device", [&] {
    const Args args(env, info);
    const auto device = device_argument(env, args[0]);
    if (!at::isAccelerator(device.type()))
      throw UsageError("it must have memory of its own, such as cuda, got \"" + device.str() + "\"");
    const auto index = device.has_index() ? device.index() : at::accelerator::getDeviceIndex();
    auto* allocator = at::getDeviceAllocator(device.type());
    const auto stats = allocator->getDeviceStats(index);
    if (get_bool(env, args[1])) allocator->resetPeakStats(index);
    const auto all = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    const auto live = stats.allocated_bytes[all], reserved = stats.reserved_bytes[all];
    const std::vector<double> out{double(live.current), double(live.peak), double(reserved.current - live.current)};
    return make_array(env, out, [&](double d) { return make(env, d); });
  });
}

// deterministic(on): whether operators of a GPU may be such as add in another order each time, or in TF32
napi_value deterministic(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot choose deterministic operators", [&] {
    const Args args(env, info);
    const bool on = get_bool(env, args[0]);
    auto& context = at::globalContext();
    // An operator that has no deterministic way warns, and runs all the same.
    context.setDeterministicAlgorithms(on, /*warn_only=*/true);
    context.setDeterministicFillUninitializedMemory(false);
    context.setDeterministicCuDNN(on);
    context.setBenchmarkCuDNN(!on);
    context.setAllowTF32CuDNN(!on);
    context.setAllowTF32CuBLAS(!on);
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
  return {{"seed", seed}, {"rngState", rng_state}, {"setRngState", set_rng_state}, {"deviceMemory", device_memory}, {"deterministic", deterministic}, {"threads", threads}, {"versions", versions}, {"kernels", kernels_used}};
}

}  // namespace tailnas
