// What the dispatcher does not cover of differentiation: gradients of chosen inputs, and the modes that switch recording.
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "crash.h"
#include "exports.h"
#include "table.h"

namespace tailnas {
namespace {

std::vector<at::Tensor> get_tensors(napi_env env, napi_value v) {
  return get_vector<at::Tensor>(env, v, [](napi_env e, napi_value h) {
    const double handle = get_double(e, h);
    return handle == 0 ? at::Tensor() : table().get(handle);
  });
}

// grad(outputs, inputs, gradOutputs, retainGraph, createGraph, allowUnused) -> one handle an input, 0 where unused
napi_value grad(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot compute gradients", [&] {
    const Args args(env, info);
    const auto outputs = get_tensors(env, args[0]);
    const InOperator inside("the backward pass");
    const auto grads =
        torch::autograd::grad(outputs, get_tensors(env, args[1]), get_tensors(env, args[2]),
                              get_bool(env, args[3]), get_bool(env, args[4]), get_bool(env, args[5]));
    return make_array(env, grads, [&](const at::Tensor& t) { return make(env, t.defined() ? table().put(env, t) : 0.0); });
  });
}

napi_value set_grad_mode(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot set the gradient mode", [&] {
    const Args args(env, info);
    const bool before = c10::GradMode::is_enabled();
    c10::GradMode::set_enabled(get_bool(env, args[0]));
    return make(env, before);
  });
}

napi_value set_requires_grad(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot set requiresGrad", [&] {
    const Args args(env, info);
    get_tensor(env, args[0]).set_requires_grad(get_bool(env, args[1]));
    return make_undefined(env);
  });
}

}  // namespace

std::vector<Export> autograd_exports() {
  return {{"grad", grad}, {"setGradMode", set_grad_mode}, {"setRequiresGrad", set_requires_grad}};
}

}  // namespace tailnas
