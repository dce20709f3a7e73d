// What libtorch's meta device lacks in C++: kernels that compute shapes alone. PyTorch has them in Python.
#include <ATen/ATen.h>
#include <node_api.h>
#include <torch/library.h>

#include <array>
#include <initializer_list>
#include <tuple>

namespace {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;

/// A tensor that was made on the wrong device is what the test is there to find.
void require_meta(const char* op, std::initializer_list<OptionalTensor> tensors) {
  for (const auto& t : tensors)
    TORCH_CHECK(!t || !t->defined() || t->is_meta(), op, ": expected all tensors on meta, found one on ", t->device());
}

Tensor like(const Tensor& x) { return at::empty_like(x); }

Tensor convolution(const Tensor& x, const Tensor& weight, const OptionalTensor& bias, at::IntArrayRef stride, at::IntArrayRef padding,
                   at::IntArrayRef dilation, bool, at::IntArrayRef, int64_t) {
  require_meta("convolution", {x, weight, bias});
  std::vector<int64_t> sizes{x.size(0), weight.size(0)};
  for (int64_t d = 0; d < x.dim() - 2; d++)
    sizes.push_back((x.size(d + 2) + 2 * padding[d] - dilation[d] * (weight.size(d + 2) - 1) - 1) / stride[d] + 1);
  return at::empty(sizes, x.options(), x.suggest_memory_format());
}

std::tuple<Tensor, Tensor, Tensor> convolution_backward(const Tensor& gradient, const Tensor& x, const Tensor& weight, at::IntArrayRef, at::IntArrayRef,
                                                        at::IntArrayRef, bool, at::IntArrayRef, int64_t, std::array<bool, 3> wanted) {
  require_meta("convolution_backward", {gradient, x, weight});
  return {wanted[0] ? like(x) : Tensor(), wanted[1] ? like(weight) : Tensor(), wanted[2] ? at::empty({weight.size(0)}, x.options()) : Tensor()};
}

std::tuple<Tensor, Tensor, Tensor> batch_norm(const Tensor& x, const OptionalTensor& weight, const OptionalTensor& bias, const OptionalTensor& mean,
                                              const OptionalTensor& var, bool training, double, double) {
  require_meta("batch_norm", {x, weight, bias, mean, var});
  const int64_t channels = training ? x.size(1) : 0;
  return {like(x), at::empty({channels}, x.options()), at::empty({channels}, x.options())};
}

std::tuple<Tensor, Tensor, Tensor> batch_norm_backward(const Tensor& gradient, const Tensor& x, const OptionalTensor& weight, const OptionalTensor& mean,
                                                       const OptionalTensor& var, const OptionalTensor& saved_mean, const OptionalTensor& saved_var, bool,
                                                       double, std::array<bool, 3> wanted) {
  require_meta("batch_norm_backward", {gradient, x, weight, mean, var, saved_mean, saved_var});
  const auto per_channel = [&](bool asked) { return asked ? at::empty({x.size(1)}, x.options()) : Tensor(); };
  return {wanted[0] ? like(x) : Tensor(), per_channel(wanted[1]), per_channel(wanted[2])};
}

Tensor adaptive_pool(const Tensor& x, at::IntArrayRef size) {
  require_meta("adaptive_avg_pool2d", {x});
  return at::empty({x.size(0), x.size(1), size[0], size[1]}, x.options());
}
Tensor adaptive_pool_backward(const Tensor& gradient, const Tensor& x) {
  require_meta("adaptive_avg_pool2d_backward", {gradient, x});
  return like(x);
}

Tensor index_select(const Tensor& x, int64_t dim, const Tensor& index) {
  require_meta("index_select", {x, index});
  auto sizes = x.sizes().vec();
  sizes[dim < 0 ? dim + x.dim() : dim] = index.numel();
  return at::empty(sizes, x.options());
}

Tensor& absolute(const Tensor& x, Tensor& out) { return out.resize_(x.sizes()), out; }

Tensor sample_dirichlet(const Tensor& x, std::optional<at::Generator>) { return like(x); }
Tensor dirichlet_grad(const Tensor& x, const Tensor& alpha, const Tensor& total) {
  require_meta("dirichlet_grad", {x, alpha, total});
  return like(x);
}

TORCH_LIBRARY_IMPL(aten, Meta, m) {
  m.impl("convolution_overrideable", convolution);
  m.impl("convolution_backward_overrideable", convolution_backward);
  m.impl("native_batch_norm", batch_norm);
  m.impl("native_batch_norm_backward", batch_norm_backward);
  m.impl("_adaptive_avg_pool2d", adaptive_pool);
  m.impl("_adaptive_avg_pool2d_backward", adaptive_pool_backward);
  m.impl("index_select", index_select);
  m.impl("relu", like);
  m.impl("abs.out", absolute);
  m.impl("_sample_dirichlet", sample_dirichlet);
  m.impl("_dirichlet_grad", dirichlet_grad);
}

napi_value init(napi_env, napi_value exports) { return exports; }

}  // namespace

NAPI_MODULE(tailnas_meta, init)
