// tailnas::read_source: everything that is read from a node's value x, in one call. Separable halves, pools, reductions and x itself share one
// framed copy of its ReLU, one image at a time, forward and backward. The gradient of x is summed before it leaves the cache. The plain-operator
// definition of every reader is in src/nn/separable.ts and src/space/primitives.ts.
//
// Returns for every reader its result y and y's moments (moments.h), as many times as it has copies: [y, moments, y, moments, …].
#include "read_source.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <cmath>

#include "lanes.h"
#include "moments.h"
#include "read_source_arguments.h"
#include "read_source_gradients.h"
#include "scratch.h"
#include "variants.h"

namespace tailnas::kernels {
namespace {

using at::Tensor;
using MaybeTensor = std::optional<Tensor>;
constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

/// The results of a forward pass, without the copies.
struct Results {
  std::vector<Tensor> y, moments, taps;  // taps: defined only for max pools whose gradient may be needed
};

/// The double sums of all readers and shares in one block.
class ResultSums {
 public:
  ResultSums(const ReadSourceArguments& a, int64_t shares) {
    for (size_t r = 0; r < a.readers.size(); r++) {
      periods_.push_back(std::lcm(a.readers[r].channels, static_cast<int64_t>(variant(a.source.channels).read_source.width)));
      places_.push_back(size_);
      if (a.extra[r].norm == NormOf::batch) size_ += 2 * periods_[r];
    }
    thread_local Kept<double> memory;
    block_ = memory.zeros(shares * size_);
  }
  int64_t period(size_t reader) const { return periods_[reader]; }
  double* of(int64_t share, size_t reader) const { return block_ + share * size_ + places_[reader]; }

 private:
  std::vector<int64_t> periods_, places_;
  int64_t size_ = 0;
  double* block_;
};

Tensor image_like(const ReadSourceArguments& a, const Reader& reader, at::ScalarType type) {
  return at::empty({a.images, reader.channels, reader.out_height(a.source), reader.out_width(a.source)},
                   a.x[0].options().dtype(type).memory_format(kChannelsLast));
}

/// running ← (1 − momentum)·running + momentum·now, where the variance is the unbiased one, as batch norm does.
void move_running(const Moments& now, int64_t channels, int64_t count, const Tensor& running_mean, const Tensor& running_var) {
  const float unbiased = static_cast<float>(static_cast<double>(count) / static_cast<double>(count - 1));
  const float part = static_cast<float>(kMomentum), rest = static_cast<float>(1 - kMomentum);
  float *mean = running_mean.mutable_data_ptr<float>(), *variance = running_var.mutable_data_ptr<float>();
  for (int64_t c = 0; c < channels; c++) {
    mean[c] = rest * mean[c] + part * now.mean[c];
    variance[c] = rest * variance[c] + part * (now.variance[c] * unbiased);
  }
  // Written without autograd, which must detect that a saved older value has changed.
  running_mean.unsafeGetTensorImpl()->bump_version();
  running_var.unsafeGetTensorImpl()->bump_version();
}

Tensor moments_from(const ReadSourceArguments& a, size_t r, const ResultSums& sums, int64_t shares) {
  const int64_t channels = a.readers[r].channels, count = a.images * a.readers[r].out_pixels(a.source);
  const NormOf norm = a.extra[r].norm;
  const auto options = a.x[0].options().memory_format(at::MemoryFormat::Contiguous);
  if (norm == NormOf::nothing) return at::zeros({1, channels}, options);
  Tensor moments = at::empty({3, channels}, options);
  float *mean = moments.mutable_data_ptr<float>(), *variance = mean + channels, *invstd = variance + channels;
  if (norm == NormOf::batch) {
    const int64_t period = sums.period(r);
    for (int64_t c = 0; c < channels; c++) {
      double sum = 0, squares = 0;
      for (int64_t share = 0; share < shares; share++)
        for (int64_t lane = c; lane < period; lane += channels) {
          sum += sums.of(share, r)[lane];
          squares += sums.of(share, r)[period + lane];
        }
      const double m = sum / count, v = squares / count - m * m;
      const double biased = v < 0 ? 0 : v;  // rounding; a NaN stays
      mean[c] = static_cast<float>(m);
      variance[c] = static_cast<float>(biased);
      invstd[c] = static_cast<float>(1 / std::sqrt(biased + kEpsilon));
    }
  } else {
    const Tensor *running = &a.running[a.extra[r].first_running];
    std::copy_n(running[0].const_data_ptr<float>(), channels, mean);
    std::copy_n(running[1].const_data_ptr<float>(), channels, variance);
    for (int64_t c = 0; c < channels; c++) invstd[c] = static_cast<float>(1 / std::sqrt(static_cast<double>(variance[c]) + kEpsilon));
  }
  return moments;
}

Results forward(const ReadSourceArguments& a, bool differentiable) {
  const auto& kernels = variant(a.source.channels).read_source;
  thread_local Scratch packed;
  ReadSource whole = a.whole(nullptr);
  float* weights = packed.floats(kernels.packed_floats(whole));
  kernels.pack(whole, weights);
  whole.packed = weights;

  const int64_t shares = shares_of(a.images);
  const ResultSums sums(a, shares);
  Results results;
  for (const Reader& reader : a.readers) {
    results.y.push_back(reader.gives_x() ? a.x[0] : image_like(a, reader, at::kFloat));
    const bool keeps = differentiable && reader.kind == ReaderKind::max_pool;
    results.taps.push_back(keeps ? image_like(a, reader, at::kByte) : Tensor());
  }
  for_shares(a.images, kernels.forward_scratch(whole), [&](int64_t share, ImageRange images, float* scratch) {
    std::vector<ReaderResult> out;
    for (size_t r = 0; r < a.readers.size(); r++) {
      // x is not written to, so it must not be requested as mutable.
      float* y = a.readers[r].gives_x() ? const_cast<float*>(a.parts[0].data) : results.y[r].mutable_data_ptr<float>();
      const bool measured = a.extra[r].norm == NormOf::batch;
      double* own = sums.of(share, r);
      out.push_back({y, results.taps[r].defined() ? results.taps[r].mutable_data_ptr<uint8_t>() : nullptr, sums.period(r),
                     measured ? own : nullptr, measured ? own + sums.period(r) : nullptr});
    }
    kernels.forward(whole, out.data(), images, scratch);
  });
  for (size_t r = 0; r < a.readers.size(); r++) {
    results.moments.push_back(moments_from(a, r, sums, shares));
    if (a.extra[r].norm != NormOf::batch) continue;
    const Tensor* running = &a.running[a.extra[r].first_running];
    move_running(moments_of(results.moments[r]), a.readers[r].channels, a.images * a.readers[r].out_pixels(a.source), running[0], running[1]);
  }
  return results;
}

/// A new tensor on the same memory: for autograd it is another one, with its own gradient.
Tensor copy_of(const Tensor& t) {
  at::AutoDispatchBelowADInplaceOrView below;
  return at::alias(t);
}

std::vector<Tensor> with_copies(const ReadSourceArguments& a, const Results& results) {
  std::vector<Tensor> out;
  for (size_t r = 0; r < a.readers.size(); r++)
    for (int64_t i = 0; i < a.extra[r].copies; i++) {
      out.push_back(copy_of(results.y[r]));
      out.push_back(copy_of(results.moments[r]));
    }
  return out;
}

/// [x…, weights…, moments, gamma, beta], the last three where they are defined: what autograd counts as inputs.
std::vector<Tensor> inputs_of(const ReadSourceArguments& a) {
  std::vector<Tensor> inputs = a.x;
  inputs.insert(inputs.end(), a.weights.begin(), a.weights.end());
  for (const Tensor& t : {a.moments, a.gamma, a.beta})
    if (t.defined()) inputs.push_back(t);
  return inputs;
}

class ReadSourceFunction : public torch::autograd::Function<ReadSourceFunction> {
 public:
  using Context = torch::autograd::AutogradContext;

  /// `inputs` is there for autograd to see.
  static std::vector<Tensor> forward(Context* context, at::TensorList /*inputs*/, const ReadSourceArguments& a) {
    const Results results = kernels::forward(a, true);
    std::vector<Tensor> saved = {a.moments, a.gamma, a.beta};
    for (const auto* list : {&a.x, &a.weights, &results.y, &results.moments, &results.taps}) saved.insert(saved.end(), list->begin(), list->end());
    context->save_for_backward(saved);
    context->saved_data["spec"] = a.spec;
    context->saved_data["parts"] = static_cast<int64_t>(a.x.size());
    context->saved_data["batch_stats"] = a.batch_stats;
    context->set_materialize_grads(false);
    return with_copies(a, results);
  }

  static std::vector<Tensor> backward(Context* context, std::vector<Tensor> incoming) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "Cannot read source: fused operations are differentiated once, set TAILNAS_KERNELS=composite for more");
    const auto saved = context->get_saved_variables();
    ReadSourceArguments a;
    a.spec = context->saved_data["spec"].toIntVector();
    a.batch_stats = context->saved_data["batch_stats"].toBool();
    a.moments = saved[0], a.gamma = saved[1], a.beta = saved[2];
    const auto readers = static_cast<int64_t>(a.spec.size() / kSpec), parts = context->saved_data["parts"].toInt();
    const int64_t weights = static_cast<int64_t>(saved.size()) - 3 - parts - 3 * readers;
    auto next = saved.begin() + 3;
    const auto take = [&](int64_t count) {
      std::vector<Tensor> taken(next, next + count);
      next += count;
      return taken;
    };
    a.x = take(parts);
    a.weights = take(weights);
    for (size_t i = 4; i < a.spec.size(); i += kSpec) a.spec[i] = 0;  // the running statistics are not needed any more
    complete(a);
    ReadSourceBack back{a, take(readers), take(readers), take(readers), std::move(incoming), {}};
    const size_t inputs = inputs_of(a).size();
    for (size_t i = 0; i < inputs; i++) back.needed.push_back(context->needs_input_grad(i));
    auto out = gradients(back);
    out.emplace_back();  // the arguments themselves
    return out;
  }
};

ReadSourceArguments arguments(at::TensorList x, const MaybeTensor& moments, const MaybeTensor& gamma, const MaybeTensor& beta,
                              at::TensorList weights, at::TensorList running, at::IntArrayRef readers, bool batch_stats) {
  ReadSourceArguments a{x.vec(), weights.vec(), running.vec(), moments.value_or(Tensor()), gamma.value_or(Tensor()), beta.value_or(Tensor()),
                        batch_stats, readers.vec()};
  complete(a);
  return a;
}

std::vector<Tensor> read_source(at::TensorList x, const MaybeTensor& moments, const MaybeTensor& gamma, const MaybeTensor& beta,
                                at::TensorList weights, at::TensorList running, at::IntArrayRef readers, bool batch_stats) {
  const auto a = arguments(x, moments, gamma, beta, weights, running, readers, batch_stats);
  return with_copies(a, forward(a, false));
}

std::vector<Tensor> read_source_autograd(at::TensorList x, const MaybeTensor& moments, const MaybeTensor& gamma, const MaybeTensor& beta,
                                         at::TensorList weights, at::TensorList running, at::IntArrayRef readers, bool batch_stats) {
  const auto a = arguments(x, moments, gamma, beta, weights, running, readers, batch_stats);
  const auto inputs = inputs_of(a);
  const bool recorded =
      at::GradMode::is_enabled() && std::any_of(inputs.begin(), inputs.end(), [](const Tensor& t) { return t.requires_grad(); });
  if (!recorded) return with_copies(a, forward(a, false));
  TORCH_CHECK(!a.moments.defined() || !a.x[0].requires_grad() || a.moments.requires_grad(),
              "Cannot read source: moments must come from the read_source that gave x, got moments without a gradient");
  return ReadSourceFunction::apply(at::TensorList(inputs), a);
}

TORCH_LIBRARY_FRAGMENT(tailnas, m) {
  m.def(
      "read_source(Tensor[] x, Tensor? moments, Tensor? gamma, Tensor? beta, Tensor[] weights, Tensor(a!)[] running, int[] readers, "
      "bool batch_stats) -> Tensor[]");
}

TORCH_LIBRARY_IMPL(tailnas, CPU, m) { m.impl("read_source", read_source); }

TORCH_LIBRARY_IMPL(tailnas, AutogradCPU, m) { m.impl("read_source", read_source_autograd); }

}  // namespace
}  // namespace tailnas::kernels
