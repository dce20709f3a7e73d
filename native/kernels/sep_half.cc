// tailnas::sep_half: y = pointwise(depthwise(relu(norm(x)))), as an operator with gradients. The arithmetic is in sep_half.kernels.h.
#include "sep_half.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <array>
#include <vector>

#include "scratch.h"
#include "variants.h"

namespace tailnas::kernels {
namespace {

using at::Tensor;
using MaybeTensor = std::optional<Tensor>;

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

/// The arguments that have values in memory.
struct Arguments {
  Tensor x, mean, invstd, gamma, beta, depthwise, pointwise;  // undefined where absent
  int64_t stride, dilation;
};

const float* values(const Tensor& t) { return t.defined() ? t.const_data_ptr<float>() : nullptr; }

void check_float(const Tensor& t, const char* name) {
  TORCH_CHECK(t.scalar_type() == at::kFloat, "Cannot run sep_half: ", name, " must be float32, got ", t.scalar_type());
}

void check_image(const Tensor& t, const char* name) {
  check_float(t, name);
  TORCH_CHECK(t.dim() == 4 && t.is_contiguous(kChannelsLast), "Cannot run sep_half: ", name,
              " must be [n, c, h, w] and channels-last in memory, got sizes ", t.sizes(), " and strides ", t.strides());
}

void check_channels(const Tensor& t, const char* name, int64_t channels) {
  if (!t.defined()) return;
  check_float(t, name);
  TORCH_CHECK(t.dim() == 1 && t.size(0) == channels && t.is_contiguous(), "Cannot run sep_half: ", name, " must hold ", channels,
              " values in a row, one a channel, got sizes ", t.sizes());
}

SepHalfShape check(const Arguments& a) {
  check_image(a.x, "x");
  TORCH_CHECK(a.x.numel() > 0, "Cannot run sep_half: x must hold a value, got sizes ", a.x.sizes());
  const auto channels = a.x.size(1);
  TORCH_CHECK(a.mean.defined() == a.invstd.defined(), "Cannot run sep_half: mean and invstd must be given together");
  TORCH_CHECK(a.mean.defined() || !(a.gamma.defined() || a.beta.defined()),
              "Cannot run sep_half: gamma and beta must come with a mean");
  check_channels(a.mean, "mean", channels);
  check_channels(a.invstd, "invstd", channels);
  check_channels(a.gamma, "gamma", channels);
  check_channels(a.beta, "beta", channels);
  check_float(a.depthwise, "depthwise");
  check_float(a.pointwise, "pointwise");
  const auto d = a.depthwise.sizes(), p = a.pointwise.sizes();
  TORCH_CHECK(d.size() == 4 && d[0] == channels && d[1] == 1 && d[2] == d[3] && d[2] % 2 == 1,
              "Cannot run sep_half: depthwise must be [", channels, ", 1, k, k] with k odd, got ", d);
  TORCH_CHECK(p.size() == 4 && p[0] >= 1 && p[1] == channels && p[2] == 1 && p[3] == 1,
              "Cannot run sep_half: pointwise must be [d, ", channels, ", 1, 1], got ", p);
  TORCH_CHECK(a.stride == 1 || a.stride == 2, "Cannot run sep_half: stride must be 1 or 2, got ", a.stride);
  TORCH_CHECK(a.dilation >= 1, "Cannot run sep_half: dilation must be >= 1, got ", a.dilation);
  return {channels, a.x.size(2), a.x.size(3), p[0], d[2], a.stride, a.dilation};
}

/// The weights as the kernels read them, in memory of the calling thread.
SepHalfInput prepare(const Arguments& a, const SepHalfShape& shape) {
  thread_local Scratch memory;
  const auto& kernels = variant().sep_half;
  float* packed = memory.floats(kernels.packed_floats(shape));
  // Small, and seldom not contiguous already.
  const Tensor depthwise = a.depthwise.contiguous(), pointwise = a.pointwise.contiguous();
  kernels.pack(shape, {values(a.mean), values(a.invstd), values(a.gamma), values(a.beta)}, values(depthwise), values(pointwise), packed);
  return {shape, a.mean.defined(), values(a.x), packed};
}

/// How a batch is cut for the threads: `shares` runs of blocks. It depends on nothing but sizes and the number of threads, so that results
/// do not either.
struct Split {
  int64_t blocks, parts, shares;

  Split(int64_t images, const SepHalfShape& shape) {
    const int64_t threads = at::get_num_threads();
    // Whole images, for a part reads some rows of its neighbours too; unless threads would wait for each other.
    const bool even = images % threads == 0 || images >= 8 * threads;
    parts = even ? 1 : std::min(threads, std::max<int64_t>(1, shape.out_height() / 8));
    blocks = images * parts;
    shares = std::min(blocks, threads);
  }

  SepHalfRun run(int64_t share) const { return {blocks * share / shares, blocks * (share + 1) / shares, parts}; }
};

/// Calls work(share, scratch) for every share, each in one thread.
template <typename Work>
void for_shares(const Split& split, int64_t scratch, const Work& work) {
  at::parallel_for(0, split.shares, 1, [&](int64_t begin, int64_t end) {
    thread_local Scratch memory;
    for (int64_t share = begin; share < end; share++) work(share, memory.floats(scratch));
  });
}

Tensor sep_half(const Tensor& x, const MaybeTensor& mean, const MaybeTensor& invstd, const MaybeTensor& gamma, const MaybeTensor& beta,
                const Tensor& depthwise, const Tensor& pointwise, int64_t stride, int64_t dilation, bool /*batch_stats*/) {
  const auto given = [](const MaybeTensor& t) { return t.value_or(Tensor()); };
  const Arguments a{x, given(mean), given(invstd), given(gamma), given(beta), depthwise, pointwise, stride, dilation};
  const SepHalfShape shape = check(a);
  const auto& kernels = variant().sep_half;
  const SepHalfInput input = prepare(a, shape);
  Tensor y = at::empty({x.size(0), shape.outputs, shape.out_height(), shape.out_width()}, x.options().memory_format(kChannelsLast));
  float* to = y.mutable_data_ptr<float>();
  const Split split(x.size(0), shape);
  for_shares(split, kernels.forward_scratch(shape),
             [&](int64_t share, float* scratch) { kernels.forward(input, split.run(share), to, scratch); });
  return y;
}

/// Which gradients are asked for.
struct Needs {
  bool x, gamma, beta, depthwise, pointwise;
};

struct Gradients {
  Tensor x, gamma, beta, depthwise, pointwise;  // undefined where not asked for
};

/// All sums of all shares in one block: for each share the sums of the norm (as doubles), of the depthwise and of the 1×1 weights.
class ShareSums {
 public:
  ShareSums(const SepHalfShape& s, const Needs& needs, bool norm, int64_t shares, int64_t width)
      : channels_((s.channels + width - 1) / width * width), shares_(shares) {
    norm_ = norm ? round_up(4 * channels_) : 0;
    depthwise_ = needs.depthwise ? round_up(s.taps() * channels_) : 0;
    pointwise_ = needs.pointwise ? round_up(s.outputs * channels_) : 0;
    thread_local Scratch memory;
    block_ = memory.floats(shares * size());
    std::fill_n(block_, shares * size(), 0.0f);
  }

  SepHalfSums of(int64_t share) const {
    float* at = block_ + share * size();
    auto* doubles = reinterpret_cast<double*>(at);
    return {norm_ ? doubles : nullptr, norm_ ? doubles + channels_ : nullptr, depthwise_ ? at + norm_ : nullptr,
            pointwise_ ? at + norm_ + depthwise_ : nullptr};
  }

  /// The sums of all shares, in the first; always added in the same order.
  SepHalfSums total() const {
    const auto first = of(0);
    for (int64_t share = 1; share < shares_; share++) {
      const auto next = of(share);
      for (int64_t c = 0; norm_ && c < 2 * channels_; c++) first.g[c] += next.g[c];
      const float* from = block_ + share * size();
      for (int64_t i = norm_; i < size(); i++) block_[i] += from[i];
    }
    return first;
  }

  int64_t channels() const { return channels_; }  // padded

 private:
  static int64_t round_up(int64_t floats) { return (floats + 15) / 16 * 16; }
  int64_t size() const { return norm_ + depthwise_ + pointwise_; }

  int64_t channels_, shares_, norm_, depthwise_, pointwise_;
  float* block_;
};

Tensor channel_tensor(const double* from, const Tensor& like) {
  Tensor t = at::empty_like(like);
  float* to = t.mutable_data_ptr<float>();
  for (int64_t c = 0; c < like.size(0); c++) to[c] = static_cast<float>(from[c]);
  return t;
}

Tensor depthwise_tensor(const float* from, const SepHalfShape& s, int64_t width, const Tensor& like) {
  Tensor t = at::empty({s.channels, 1, s.kernel, s.kernel}, like.options());
  float* to = t.mutable_data_ptr<float>();
  for (int64_t c = 0; c < s.channels; c++)
    for (int64_t k = 0; k < s.taps(); k++) *to++ = from[(c / width * s.taps() + k) * width + c % width];
  return t;
}

Tensor pointwise_tensor(const float* from, const SepHalfShape& s, int64_t channels, const Tensor& like) {
  Tensor t = at::empty({s.outputs, s.channels, 1, 1}, like.options());
  float* to = t.mutable_data_ptr<float>();
  for (int64_t d = 0; d < s.outputs; d++) to = std::copy_n(from + d * channels, s.channels, to);
  return t;
}

/// Takes from dx what x's share in its own statistics changes: γ·invstd · (mean(g) + x̂ · mean(g · x̂)).
void correct(const Arguments& a, const SepHalfSums& sums, const Tensor& dx) {
  const int64_t channels = a.x.size(1), pixels = a.x.numel() / channels;
  thread_local Scratch memory;
  float* offset = memory.floats(2 * channels);
  float* slope = offset + channels;
  const float *mean = values(a.mean), *invstd = values(a.invstd), *gamma = values(a.gamma);
  for (int64_t c = 0; c < channels; c++) {
    const double scale = static_cast<double>(invstd[c]) * (gamma ? gamma[c] : 1.0f) / static_cast<double>(pixels);
    offset[c] = static_cast<float>(scale * sums.g[c]);
    slope[c] = static_cast<float>(scale * sums.g_xhat[c] * invstd[c]);
  }
  const float* x = values(a.x);
  float* to = dx.mutable_data_ptr<float>();
  at::parallel_for(0, pixels, std::max<int64_t>(1, 32768 / channels), [&](int64_t begin, int64_t end) {
    variant().sep_half.correct({mean, offset, slope}, end - begin, channels, x + begin * channels, to + begin * channels);
  });
}

Gradients gradients(const Arguments& a, const Tensor& incoming, const Needs& needs, bool batch_stats) {
  const SepHalfShape shape = check(a);
  const Tensor dy = incoming.contiguous(kChannelsLast);
  check_image(dy, "the gradient");
  const auto& kernels = variant().sep_half;
  const SepHalfInput input = prepare(a, shape);
  const bool norm = a.mean.defined() && (needs.gamma || needs.beta || (needs.x && batch_stats));
  const Split split(a.x.size(0), shape);
  const ShareSums sums(shape, needs, norm, split.shares, kernels.width);
  Gradients out;
  if (needs.x) out.x = at::empty_like(a.x, a.x.options().memory_format(kChannelsLast));
  float* dx = needs.x ? out.x.mutable_data_ptr<float>() : nullptr;
  for_shares(split, kernels.backward_scratch(shape), [&](int64_t share, float* scratch) {
    kernels.backward(input, split.run(share), values(dy), dx, sums.of(share), scratch);
  });
  const SepHalfSums total = sums.total();
  if (needs.x && norm && batch_stats) correct(a, total, out.x);
  if (needs.gamma) out.gamma = channel_tensor(total.g_xhat, a.gamma);
  if (needs.beta) out.beta = channel_tensor(total.g, a.beta);
  if (needs.depthwise) out.depthwise = depthwise_tensor(total.depthwise, shape, kernels.width, a.depthwise);
  if (needs.pointwise) out.pointwise = pointwise_tensor(total.pointwise, shape, sums.channels(), a.pointwise);
  return out;
}

class SepHalf : public torch::autograd::Function<SepHalf> {
 public:
  using Context = torch::autograd::AutogradContext;

  static Tensor forward(Context* context, const Tensor& x, const MaybeTensor& mean, const MaybeTensor& invstd, const MaybeTensor& gamma,
                        const MaybeTensor& beta, const Tensor& depthwise, const Tensor& pointwise, int64_t stride, int64_t dilation,
                        bool batch_stats) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto given = [](const MaybeTensor& t) { return t.value_or(Tensor()); };
    context->save_for_backward({x, given(mean), given(invstd), given(gamma), given(beta), depthwise, pointwise});
    context->saved_data["stride"] = stride;
    context->saved_data["dilation"] = dilation;
    context->saved_data["batch_stats"] = batch_stats;
    return sep_half(x, mean, invstd, gamma, beta, depthwise, pointwise, stride, dilation, batch_stats);
  }

  static torch::autograd::variable_list backward(Context* context, torch::autograd::variable_list incoming) {
    const auto saved = context->get_saved_variables();
    // An argument that is absent has no place among the inputs that autograd counts.
    std::array<bool, 7> needed{};
    size_t edge = 0;
    for (size_t i = 0; i < saved.size(); i++) needed[i] = saved[i].defined() && context->needs_input_grad(edge++);
    const Arguments a{saved[0], saved[1], saved[2], saved[3], saved[4], saved[5], saved[6],
                      context->saved_data["stride"].toInt(), context->saved_data["dilation"].toInt()};
    const auto g = gradients(a, incoming[0], {needed[0], needed[3], needed[4], needed[5], needed[6]},
                             context->saved_data["batch_stats"].toBool());
    return {g.x, Tensor(), Tensor(), g.gamma, g.beta, g.depthwise, g.pointwise, Tensor(), Tensor(), Tensor()};
  }
};

Tensor sep_half_autograd(const Tensor& x, const MaybeTensor& mean, const MaybeTensor& invstd, const MaybeTensor& gamma,
                         const MaybeTensor& beta, const Tensor& depthwise, const Tensor& pointwise, int64_t stride, int64_t dilation,
                         bool batch_stats) {
  return SepHalf::apply(x, mean, invstd, gamma, beta, depthwise, pointwise, stride, dilation, batch_stats);
}

}  // namespace
}  // namespace tailnas::kernels

TORCH_LIBRARY_FRAGMENT(tailnas, m) {
  m.def(
      "sep_half(Tensor x, Tensor? mean, Tensor? invstd, Tensor? gamma, Tensor? beta, Tensor depthwise, Tensor pointwise, "
      "int stride, int dilation, bool batch_stats) -> Tensor");
}
TORCH_LIBRARY_IMPL(tailnas, CPU, m) { m.impl("sep_half", tailnas::kernels::sep_half); }
TORCH_LIBRARY_IMPL(tailnas, AutogradCPU, m) { m.impl("sep_half", tailnas::kernels::sep_half_autograd); }
