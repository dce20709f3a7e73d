// Where time goes inside the engine. `timed` gives a second set of all exports, each of which opens a frame while it runs; while a profile is
// on, libtorch opens one for each operator and each node of a backward pass. A frame's own time is what the frames within it do not take:
//
//   call ├──┤ aten::conv2d ├─┤ aten::mkldnn_convolution ├──────────┤ ├┤ ├─┤      the own times add up to the outermost frame's
//
// Frames of other threads (the backward pass of a CUDA device) are left out: their time is that of the frame that waits for them.
#include <ATen/record_function.h>

#include <chrono>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "exports.h"

namespace tailnas {
namespace {

using Clock = std::chrono::steady_clock;

struct Total {
  int64_t calls = 0;
  Clock::duration own{};
};

/// So that a name is looked up without being copied.
struct NameHash {
  using is_transparent = void;
  size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
};

struct Frame {
  Clock::time_point began;
  Clock::duration within{};  // of frames inside this one
};

struct Profile {
  std::thread::id thread;
  std::vector<Frame> frames;
  std::unordered_map<std::string, Total, NameHash, std::equal_to<>> totals;
  Clock::duration outermost{};  // of frames inside no other
  at::CallbackHandle callback = at::INVALID_CALLBACK_HANDLE;
};

Profile& profile() {
  static auto* instance = new Profile;
  return *instance;
}

void open_frame() { profile().frames.push_back({Clock::now()}); }

void close_frame(std::string_view name) {
  auto& p = profile();
  const auto frame = p.frames.back();
  p.frames.pop_back();
  const auto length = Clock::now() - frame.began;
  (p.frames.empty() ? p.outermost : p.frames.back().within) += length;
  auto found = p.totals.find(name);
  if (found == p.totals.end()) found = p.totals.emplace(std::string(name), Total{}).first;
  found->second.calls++;
  found->second.own += length - frame.within;
}

bool on_own_thread() { return std::this_thread::get_id() == profile().thread; }

std::unique_ptr<at::ObserverContext> operator_begins(const at::RecordFunction&) {
  if (on_own_thread()) open_frame();
  return nullptr;
}
void operator_ends(const at::RecordFunction& function, at::ObserverContext*) {
  if (on_own_thread()) close_frame(function.name());
}

napi_value call_timed(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  const auto& e = *static_cast<const Export*>(data);
  open_frame();
  const struct Closed {
    const char* name;
    ~Closed() { close_frame(name); }
  } closed{e.name};
  return e.callback(env, info);
}

// timed() -> all exports, each timed
napi_value timed(napi_env env, napi_callback_info) {
  return guarded(env, "Cannot time the engine", [&] {
    napi_value out;
    check(env, napi_create_object(env, &out));
    for (const auto& e : all_exports()) {
      napi_value function;
      check(env, napi_create_function(env, e.name, NAPI_AUTO_LENGTH, call_timed, const_cast<Export*>(&e), &function));
      check(env, napi_set_named_property(env, out, e.name, function));
    }
    return out;
  });
}

// profile(on): whether operators are timed; without it nothing of libtorch is slowed down
napi_value set_profile(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot profile", [&] {
    const Args args(env, info);
    auto& p = profile();
    if (p.callback != at::INVALID_CALLBACK_HANDLE) at::removeCallback(p.callback);
    p.callback = at::INVALID_CALLBACK_HANDLE;
    if (get_bool(env, args[0])) {
      p.thread = std::this_thread::get_id();
      p.callback = at::addGlobalCallback(at::RecordFunctionCallback(operator_begins, operator_ends)
                                             .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
    }
    return make_undefined(env);
  });
}

// profiledTime() -> nanoseconds inside the engine since the last readProfile
napi_value profiled_time(napi_env env, napi_callback_info) {
  return guarded(env, "Cannot profile", [&] { return make(env, double(std::chrono::nanoseconds(profile().outermost).count())); });
}

// readProfile() -> [name, calls, own nanoseconds] of each kind of frame since the last time, and starts anew
napi_value read_profile(napi_env env, napi_callback_info) {
  return guarded(env, "Cannot read the profile", [&] {
    auto& p = profile();
    const auto out = make_array(env, p.totals, [&](const auto& entry) {
      const auto& [name, total] = entry;
      const std::vector<napi_value> row{make(env, name), make(env, double(total.calls)),
                                        make(env, double(std::chrono::nanoseconds(total.own).count()))};
      return make_array(env, row, [](napi_value v) { return v; });
    });
    p.totals.clear();
    p.outermost = {};
    return out;
  });
}

}  // namespace

std::vector<Export> profile_exports() {
  return {{"timed", timed}, {"profile", set_profile}, {"profiledTime", profiled_time}, {"readProfile", read_profile}};
}

}  // namespace tailnas
