// tailnas::max_pool_3x3 and tailnas::avg_pool_3x3: windows of 3×3, padding 1. The maximum keeps one byte a float of its result, which says where in
// the window it stood: the backward pass then needs neither x nor y.
#include "pools.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "variants.h"

namespace tailnas::kernels {
namespace {

using at::Tensor;
constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

PoolShape check(const Tensor& x, int64_t stride) {
  TORCH_CHECK(x.dim() == 4 && x.numel() > 0, "pool_3x3: x must be [batch, channels, h, w] and not empty, got ", x.sizes());
  TORCH_CHECK(x.scalar_type() == at::kFloat, "pool_3x3: x must be float32, got ", x.scalar_type());
  TORCH_CHECK(x.is_contiguous(kChannelsLast), "pool_3x3: x must be channels-last in memory");
  TORCH_CHECK(stride >= 1, "pool_3x3: stride must be >= 1, got ", stride);
  return {x.size(1), x.size(2), x.size(3), stride};
}

/// f(rows) for all rows of all images, on several threads.
template <typename F>
void in_rows(int64_t rows, int64_t floats_per_row, const F& f) {
  constexpr int64_t least = 8 << 10;  // floats; less is not worth a thread
  at::parallel_for(0, rows, (least + floats_per_row - 1) / floats_per_row, [&](int64_t begin, int64_t end) { f(PoolRows{begin, end}); });
}

Tensor empty_out(const Tensor& x, const PoolShape& shape, at::ScalarType type) {
  return at::empty({x.size(0), shape.channels, shape.out_height(), shape.out_width()}, x.options().dtype(type).memory_format(kChannelsLast));
}

Tensor empty_in(const Tensor& dy, const PoolShape& shape) {
  return at::empty({dy.size(0), shape.channels, shape.height, shape.width}, dy.options().memory_format(kChannelsLast));
}

/// y; and where the maxima stood, if `taps` is a tensor.
Tensor max_forward(const Tensor& x, const PoolShape& shape, const Tensor& taps) {
  auto y = empty_out(x, shape, at::kFloat);
  const float* in = x.const_data_ptr<float>();
  float* out = y.mutable_data_ptr<float>();
  uint8_t* where = taps.defined() ? taps.mutable_data_ptr<uint8_t>() : nullptr;
  in_rows(x.size(0) * shape.out_height(), shape.out_width() * shape.channels,
          [&](PoolRows rows) { variant().pools.max_forward(shape, rows, in, out, where); });
  return y;
}

Tensor max_backward(const Tensor& gradient, const PoolShape& shape, const Tensor& taps) {
  const auto dy = gradient.contiguous(kChannelsLast);
  auto dx = empty_in(dy, shape);
  const float* in = dy.const_data_ptr<float>();
  const uint8_t* where = taps.const_data_ptr<uint8_t>();
  float* out = dx.mutable_data_ptr<float>();
  in_rows(dy.size(0) * shape.height, shape.width * shape.channels,
          [&](PoolRows rows) { variant().pools.max_backward(shape, rows, in, where, out); });
  return dx;
}

Tensor avg_forward(const Tensor& x, const PoolShape& shape) {
  auto y = empty_out(x, shape, at::kFloat);
  const float* in = x.const_data_ptr<float>();
  float* out = y.mutable_data_ptr<float>();
  in_rows(x.size(0) * shape.out_height(), shape.out_width() * shape.channels,
          [&](PoolRows rows) { variant().pools.avg_forward(shape, rows, in, out); });
  return y;
}

Tensor avg_backward(const Tensor& gradient, const PoolShape& shape) {
  const auto dy = gradient.contiguous(kChannelsLast);
  auto dx = empty_in(dy, shape);
  const float* in = dy.const_data_ptr<float>();
  float* out = dx.mutable_data_ptr<float>();
  in_rows(dy.size(0) * shape.height, shape.width * shape.channels,
          [&](PoolRows rows) { variant().pools.avg_backward(shape, rows, in, out); });
  return dx;
}

using torch::autograd::AutogradContext;

void remember(AutogradContext* ctx, const PoolShape& shape) {
  ctx->saved_data["shape"] = std::vector<int64_t>{shape.channels, shape.height, shape.width, shape.stride};
}

PoolShape remembered(AutogradContext* ctx) {
  const auto s = ctx->saved_data["shape"].toIntVector();
  return {s[0], s[1], s[2], s[3]};
}

class MaxPool : public torch::autograd::Function<MaxPool> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& x, int64_t stride) {
    const auto shape = check(x, stride);
    const auto taps = empty_out(x, shape, at::kByte);
    ctx->save_for_backward({taps});
    remember(ctx, shape);
    return max_forward(x, shape, taps);
  }
  static std::vector<Tensor> backward(AutogradContext* ctx, std::vector<Tensor> gradients) {
    if (!ctx->needs_input_grad(0)) return {Tensor(), Tensor()};
    return {max_backward(gradients[0], remembered(ctx), ctx->get_saved_variables()[0]), Tensor()};
  }
};

class AvgPool : public torch::autograd::Function<AvgPool> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& x, int64_t stride) {
    const auto shape = check(x, stride);
    remember(ctx, shape);
    return avg_forward(x, shape);
  }
  static std::vector<Tensor> backward(AutogradContext* ctx, std::vector<Tensor> gradients) {
    if (!ctx->needs_input_grad(0)) return {Tensor(), Tensor()};
    return {avg_backward(gradients[0], remembered(ctx)), Tensor()};
  }
};

Tensor max_pool(const Tensor& x, int64_t stride) { return max_forward(x, check(x, stride), Tensor()); }
Tensor avg_pool(const Tensor& x, int64_t stride) { return avg_forward(x, check(x, stride)); }

bool records(const Tensor& x) { return at::GradMode::is_enabled() && x.requires_grad(); }

Tensor max_pool_autograd(const Tensor& x, int64_t stride) { return records(x) ? MaxPool::apply(x, stride) : max_pool(x, stride); }
Tensor avg_pool_autograd(const Tensor& x, int64_t stride) { return records(x) ? AvgPool::apply(x, stride) : avg_pool(x, stride); }

TORCH_LIBRARY_FRAGMENT(tailnas, m) {
  m.def("max_pool_3x3(Tensor x, int stride) -> Tensor");
  m.def("avg_pool_3x3(Tensor x, int stride) -> Tensor");
}

TORCH_LIBRARY_IMPL(tailnas, CPU, m) {
  m.impl("max_pool_3x3", max_pool);
  m.impl("avg_pool_3x3", avg_pool);
}

TORCH_LIBRARY_IMPL(tailnas, AutogradCPU, m) {
  m.impl("max_pool_3x3", max_pool_autograd);
  m.impl("avg_pool_3x3", avg_pool_autograd);
}

}  // namespace
}  // namespace tailnas::kernels
