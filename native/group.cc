// Several processes as one: c10d's group over gloo, under a name by which `_c10d_functional::all_reduce_` and its like find it.
// Collectives themselves go through `call` as any operator does.
#ifdef __linux__
#define USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/GroupRegistry.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#endif

#include "exports.h"

namespace tailnas {
namespace {

#ifdef __linux__

constexpr const char* kName = "tailnas";

/// Registered by name; kept here as well, so that its threads end before libtorch is unloaded.
c10::intrusive_ptr<c10d::ProcessGroup>& group() {
  static auto* instance = new c10::intrusive_ptr<c10d::ProcessGroup>;
  return *instance;
}

void leave() {
  if (!group()) return;
  c10d::unregister_process_group(kName);
  group().reset();
}

/// Where the processes find one another: a file, or a port on which one of them, or the launcher, listens.
c10::intrusive_ptr<c10d::Store> make_store(const std::string& place, int64_t port, bool serves, int64_t size,
                                           std::chrono::milliseconds timeout) {
  if (port == 0) return c10::make_intrusive<c10d::FileStore>(place, static_cast<int>(size));
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(port);
  options.isServer = serves;
  options.waitWorkers = false;
  options.timeout = timeout;
  return c10::make_intrusive<c10d::TCPStore>(place, options);
}

std::shared_ptr<gloo::transport::Device> make_device(const std::string& interface, const std::string& host) {
  using Gloo = c10d::ProcessGroupGloo;
  if (!interface.empty()) return Gloo::createDeviceForInterface(interface);
  return host.empty() ? Gloo::createDefaultDevice() : Gloo::createDeviceForHostname(host);
}

// joinGroup(rank, size, place, port or 0 for a file, serves, prefix of keys, interface, own address, seconds)
napi_value join_group(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot join the other processes", [&] {
    const Args args(env, info);
    const auto rank = get_int(env, args[0]), size = get_int(env, args[1]);
    const std::chrono::milliseconds timeout(1000 * get_int(env, args[8]));
    if (group()) throw UsageError("this process has joined a group already");
    c10::intrusive_ptr<c10d::Store> store = make_store(get_string(env, args[2]), get_int(env, args[3]), get_bool(env, args[4]), size, timeout);
    store->setTimeout(timeout);
    store = c10::make_intrusive<c10d::PrefixStore>(get_string(env, args[5]), store);
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    options->devices.push_back(make_device(get_string(env, args[6]), get_string(env, args[7])));
    const auto gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(store, static_cast<int>(rank), static_cast<int>(size), options);
    auto made = c10::make_intrusive<c10d::ProcessGroup>(store, static_cast<int>(rank), static_cast<int>(size));
    made->setBackend(c10::DeviceType::CPU, c10d::ProcessGroup::BackendType::GLOO, gloo);
    made->setDefaultBackend(c10d::ProcessGroup::BackendType::GLOO);
    made->setGroupName(kName);
    c10d::register_process_group(kName, made);
    group() = made;
    static const bool hooked = [&] {
      check(env, napi_add_env_cleanup_hook(env, [](void*) { leave(); }, nullptr));
      return true;
    }();
    (void)hooked;
    return make_undefined(env);
  });
}

napi_value leave_group(napi_env env, napi_callback_info) {
  return guarded(env, "Cannot leave the other processes", [&] {
    leave();
    return make_undefined(env);
  });
}

#else

napi_value join_group(napi_env env, napi_callback_info) {
  return guarded(env, "Cannot join the other processes", [&]() -> napi_value {
    throw UsageError("one run over several processes needs Linux; leave --processes out");
  });
}

napi_value leave_group(napi_env env, napi_callback_info) {
  return guarded(env, "Cannot leave the other processes", [&] { return make_undefined(env); });
}

#endif

}  // namespace

std::vector<Export> group_exports() { return {{"joinGroup", join_group}, {"leaveGroup", leave_group}}; }

}  // namespace tailnas
