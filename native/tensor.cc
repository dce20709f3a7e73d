// Tensors and bytes: what a tensor is, filling one from JavaScript memory, reading one back, and the scopes of the table.
#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>

#include <cstring>

#include "exports.h"
#include "table.h"

namespace tailnas {
namespace {

struct Bytes {
  void* data = nullptr;
  size_t size = 0;
};

Bytes get_bytes(napi_env env, napi_value v) {
  Bytes b;
  bool is_typed = false;
  check(env, napi_is_typedarray(env, v, &is_typed));
  if (!is_typed) throw UsageError("must be a typed array");
  napi_typedarray_type type;
  size_t length = 0;
  check(env, napi_get_typedarray_info(env, v, &type, &length, &b.data, nullptr, nullptr));
  constexpr size_t widths[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
  b.size = length * widths[type];
  return b;
}

// fromBytes(typed array, dtype, shape) -> handle; the bytes are copied
napi_value from_bytes(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot make tensor", [&] {
    const Args args(env, info);
    const auto bytes = get_bytes(env, args[0]);
    const auto dtype = static_cast<at::ScalarType>(get_int(env, args[1]));
    auto t = at::empty(get_vector<int64_t>(env, args[2], get_int), dtype);
    if (t.nbytes() != bytes.size)
      throw UsageError("shape needs " + std::to_string(t.nbytes()) + " bytes, the array has " + std::to_string(bytes.size));
    if (bytes.size) std::memcpy(t.data_ptr(), bytes.data, bytes.size);
    return make(env, table().put(env, std::move(t)));
  });
}

// toBytes(handle) -> ArrayBuffer: a copy in row-major order
napi_value to_bytes(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot read tensor", [&] {
    const Args args(env, info);
    const auto own = get_tensor(env, args[0]).detach();
    // A resize that ran out of memory, or an unchecked operator, can leave a shape that its memory does not have.
    if (own.layout() == at::kStrided && own.device().is_cpu() &&
        at::detail::computeStorageNbytes(own.sizes(), own.strides(), own.itemsize(), own.storage_offset()) > own.storage().nbytes())
      throw UsageError("its shape is larger than its memory");
    const auto t = own.cpu().contiguous();
    void* data = nullptr;
    napi_value out;
    check(env, napi_create_arraybuffer(env, t.nbytes(), &data, &out));
    if (t.nbytes()) std::memcpy(data, t.data_ptr(), t.nbytes());
    return out;
  });
}

// describe(handle) -> [dtype, requiresGrad, channels-last, ...shape]
napi_value describe(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot inspect tensor", [&] {
    const Args args(env, info);
    const auto t = get_tensor(env, args[0]);
    const bool channels_last = t.layout() == at::kStrided && t.dim() == 4 && t.is_contiguous(at::MemoryFormat::ChannelsLast);
    std::vector<double> out{double(static_cast<int>(t.scalar_type())), double(t.requires_grad()), double(channels_last)};
    for (const auto n : t.sizes()) out.push_back(double(n));
    return make_array(env, out, [&](double d) { return make(env, d); });
  });
}

napi_value device_of(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot inspect tensor", [&] {
    const Args args(env, info);
    return make(env, get_tensor(env, args[0]).device().str());
  });
}

napi_value is_live(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot inspect tensor", [&] {
    const Args args(env, info);
    try {
      table().get(get_double(env, args[0]));
      return make(env, true);
    } catch (const UsageError&) {
      return make(env, false);
    }
  });
}

napi_value release(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot dispose tensor", [&] {
    const Args args(env, info);
    table().release(env, get_double(env, args[0]));
    return make_undefined(env);
  });
}

napi_value begin_scope(napi_env env, napi_callback_info) {
  return guarded(env, "Cannot open scope", [&] {
    table().begin_scope();
    return make_undefined(env);
  });
}

napi_value end_scope(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot close scope", [&] {
    const Args args(env, info);
    table().end_scope(env, get_vector<double>(env, args[0], get_double));
    return make_undefined(env);
  });
}

napi_value live_tensors(napi_env env, napi_callback_info) {
  return guarded(env, "Cannot count tensors", [&] { return make(env, double(table().live())); });
}

}  // namespace

std::vector<Export> tensor_exports() {
  return {{"fromBytes", from_bytes}, {"toBytes", to_bytes},      {"describe", describe}, {"deviceOf", device_of},
          {"isLive", is_live},       {"release", release},       {"beginScope", begin_scope}, {"endScope", end_scope},
          {"liveTensors", live_tensors}};
}

}  // namespace tailnas
