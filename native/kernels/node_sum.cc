// tailnas::node_sum: the value of a node, Σ_k weights[k]·(x̂_k·gamma_k + beta_k) with x̂_k = (raw_k − mean_k)·invstd_k, or raw_k where there is no
// norm, or its ReLU. No normalised and no weighted tensor is stored. With g the gradient of the sum and Σ over batch, h and w:
//
//     d weights[k] = Σ g·(x̂_k·gamma_k + beta_k)      d gamma_k = weights[k]·Σ g·x̂_k      d beta_k = weights[k]·Σ g
//     d raw_k      = weights[k]·gamma_k·invstd_k·(g − mean(g) − x̂_k·mean(g·x̂_k))          the last two terms only if the statistics are the batch's
//
// d raw_k is not computed here but passed on as g and three numbers per channel: see moments.h. Only a raw without moments gets its own.
#include "node_sum.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "lanes.h"
#include "node_sum_arguments.h"
#include "scratch.h"
#include "variants.h"

namespace tailnas::kernels {
namespace {

using at::Tensor;
constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

Lanes lanes_of(const Tensor& raw) {
  const int64_t channels = raw.size(1);
  return kernels::lanes_of(raw.numel() / channels, channels, variant().node_sum.width, at::get_num_threads());
}

/// Arrays of one value per lane, one after the other in memory that is kept.
class LaneArrays {
 public:
  LaneArrays(const Lanes& lanes, int64_t most) : lanes_(lanes), at_(memory().of((most + 1) * lanes.period + lanes.channels)) {
    values_ = take(lanes.channels);
    zero_ = take(lanes.period);
    std::fill(zero_, zero_ + lanes.period, 0.0f);
  }
  const float* zero() const { return zero_; }
  /// The array of value(c) for every channel c.
  template <typename F>
  const float* of(const F& value) {
    for (int64_t c = 0; c < lanes_.channels; c++) values_[c] = static_cast<float>(value(c));
    float* out = take(lanes_.period);
    to_lanes(values_, lanes_, out);
    return out;
  }

 private:
  static Kept<float>& memory() {
    thread_local Kept<float> kept;
    return kept;
  }
  float* take(int64_t n) {
    float* out = at_;
    at_ += n;
    return out;
  }
  const Lanes& lanes_;
  float *at_, *values_, *zero_;
};

/// f(range) for every part of the row, on several threads.
template <typename F>
void in_parts(const Lanes& lanes, const F& f) {
  at::parallel_for(0, lanes.chunks, 1, [&](int64_t first, int64_t last) {
    for (int64_t part = first; part < last; part++) f(NodeRange{lanes.begin(part), lanes.size(part), lanes.period}, part);
  });
}

Tensor forward(const NodeArguments& a) {
  const Lanes lanes = lanes_of(a.raws[0]);
  const int64_t count = a.count();
  LaneArrays arrays(lanes, 2 * count + 1);
  std::vector<NodeTerm> terms;
  for (int64_t k = 0; k < count; k++) {
    const Moments stats = a.stats(k);
    const float *gamma = a.gamma(k), w = a.weight(k);
    terms.push_back({a.raws[k].const_data_ptr<float>(), stats.mean ? arrays.of([&](int64_t c) { return stats.mean[c]; }) : arrays.zero(),
                     arrays.of([&](int64_t c) { return w * (stats.mean ? stats.invstd[c] : 1.0f) * (gamma ? gamma[c] : 1.0f); }), a.least(k)});
  }
  const float* base = arrays.of([&](int64_t c) {
    float total = 0;
    for (int64_t k = 0; k < count; k++)
      if (const float* beta = a.beta(k)) total += a.weight(k) * beta[c];
    return total;
  });
  auto y = at::empty(a.raws[0].sizes(), a.raws[0].options().memory_format(kChannelsLast));
  float* out = y.mutable_data_ptr<float>();
  const bool stream = is_streamed(out, lanes.floats);
  in_parts(lanes, [&](NodeRange range, int64_t) { variant().node_sum.add_up(terms.data(), count, range, base, out, stream); });
  return y;
}

/// Which gradients are requested, of each term and of the weights.
struct Needs {
  std::vector<bool> raws, moments, gammas, betas;
  bool weights;

  /// Whether anyone needs Σ g·(raw − mean) of a term.
  bool dot(const NodeArguments& a, int64_t k) const {
    return weights || gammas[k] || (moments[k] && a.batch_stats && a.stats(k).mean);
  }
};

/// Σ g and Σ g·(raw − mean) over batch, h and w.
struct Sums {
  std::vector<double> g;                 // [c]
  std::vector<std::vector<double>> dot;  // [k][c], zeros where nobody needs it
};

Sums sums_of(const NodeArguments& a, const Needs& needs, const Tensor& g, const Lanes& lanes) {
  const int64_t count = a.count(), channels = lanes.channels;
  LaneArrays arrays(lanes, count);
  std::vector<NodeTerm> terms;
  std::vector<int64_t> which;
  bool any = false;
  for (int64_t k = 0; k < count; k++) {
    any = any || needs.betas[k];
    if (!needs.dot(a, k)) continue;
    const Moments stats = a.stats(k);
    terms.push_back({a.raws[k].const_data_ptr<float>(), stats.mean ? arrays.of([&](int64_t c) { return stats.mean[c]; }) : arrays.zero(), nullptr, a.least(k)});
    which.push_back(k);
  }
  Sums sums{std::vector<double>(channels), std::vector<std::vector<double>>(count, std::vector<double>(channels))};
  if (terms.empty() && !any) return sums;

  thread_local Kept<double> scratch;
  const int64_t used = static_cast<int64_t>(terms.size()), part_size = (used + 1) * lanes.period;
  double* parts = scratch.zeros(lanes.chunks * part_size);  // [chunk][Σ g, Σ g·(raw − mean) of each term][lane]
  const float* gradient = g.const_data_ptr<float>();
  in_parts(lanes, [&](NodeRange range, int64_t part) {
    variant().node_sum.dots(terms.data(), used, range, gradient, parts + part * part_size);
  });
  for (int64_t part = 0; part < lanes.chunks; part++) {
    add_lanes(parts + part * part_size, lanes, sums.g.data());
    for (int64_t t = 0; t < used; t++)
      add_lanes(parts + part * part_size + (t + 1) * lanes.period, lanes, sums.dot[which[t]].data());
  }
  return sums;
}

Tensor channel_gradient(int64_t channels, const Tensor& like, const std::function<double(int64_t)>& value) {
  Tensor t = at::empty({channels}, like.options().memory_format(at::MemoryFormat::Contiguous));
  for (int64_t c = 0; c < channels; c++) t.mutable_data_ptr<float>()[c] = static_cast<float>(value(c));
  return t;
}

/// The rows that make the gradient of raw k of g (moments.h).
Tensor lazy_gradient(const NodeArguments& a, const Sums& sums, int64_t k, double pixels) {
  Tensor t = at::zeros(a.moments[k].sizes(), a.moments[k].options());
  const LazyRows rows = lazy_rows(t);
  const Moments stats = a.stats(k);
  const float* gamma = a.gamma(k);
  for (int64_t c = 0; c < a.channels(); c++) {
    const double invstd = stats.mean ? stats.invstd[c] : 1.0, gain = a.weight(k) * invstd * (gamma ? gamma[c] : 1.0f);
    rows.gain[c] = static_cast<float>(gain);
    if (!stats.mean || !a.batch_stats) continue;
    rows.offset[c] = static_cast<float>(gain * sums.g[c] / pixels);
    rows.slope[c] = static_cast<float>(gain * invstd * invstd * sums.dot[k][c] / pixels);
  }
  return t;
}

Tensor weights_gradient(const NodeArguments& a, const Sums& sums) {
  Tensor t = at::empty_like(a.weights);
  for (int64_t k = 0; k < a.count(); k++) {
    const Moments stats = a.stats(k);
    const float *gamma = a.gamma(k), *beta = a.beta(k);
    double total = 0;
    for (int64_t c = 0; c < a.channels(); c++)
      total += sums.dot[k][c] * (stats.mean ? stats.invstd[c] : 1.0f) * (gamma ? gamma[c] : 1.0f) + (beta ? sums.g[c] * beta[c] : 0.0);
    t.mutable_data_ptr<float>()[k] = static_cast<float>(total);
  }
  return t;
}

class NodeSum : public torch::autograd::Function<NodeSum> {
 public:
  using Context = torch::autograd::AutogradContext;

  /// `inputs`: [raws, weights, then moments, gammas and betas where they are defined], for autograd to see.
  static Tensor forward(Context* ctx, at::TensorList /*inputs*/, const NodeArguments& a) {
    std::vector<Tensor> saved;
    for (const auto* list : {&a.raws, &a.moments, &a.gammas, &a.betas}) saved.insert(saved.end(), list->begin(), list->end());
    saved.push_back(a.weights);
    ctx->save_for_backward(saved);
    ctx->saved_data["batch_stats"] = a.batch_stats;
    ctx->saved_data["relus"] = a.relus;
    return kernels::forward(a);
  }

  static std::vector<Tensor> backward(Context* ctx, std::vector<Tensor> gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "Cannot sum branches: fused operations are differentiated once, set TAILNAS_KERNELS=composite for more");
    const auto saved = ctx->get_saved_variables();
    const auto count = static_cast<int64_t>(saved.size() / 4);
    const auto from = [&](int64_t at) { return std::vector<Tensor>(saved.begin() + at * count, saved.begin() + (at + 1) * count); };
    auto& kept = ctx->saved_data;
    const NodeArguments a{from(0), from(1), from(2), from(3), saved.back(), kept["batch_stats"].toBool(), kept["relus"].toBoolList()};
    int64_t next = 0;
    const auto needed = [&](const std::vector<Tensor>& list) {
      std::vector<bool> out;
      for (const Tensor& t : list) out.push_back(t.defined() && ctx->needs_input_grad(next++));
      return out;
    };
    Needs needs;
    needs.raws = needed(a.raws);
    needs.weights = ctx->needs_input_grad(next++);
    needs.moments = needed(a.moments), needs.gammas = needed(a.gammas), needs.betas = needed(a.betas);

    const Tensor g = gradients[0].contiguous(kChannelsLast);
    const Lanes lanes = lanes_of(g);
    const Sums sums = sums_of(a, needs, g, lanes);
    const double pixels = static_cast<double>(lanes.floats / lanes.channels);
    std::vector<Tensor> out;
    for (int64_t k = 0; k < count; k++)
      out.push_back(!needs.raws[k] ? Tensor() : a.moments[k].defined() ? g : a.weight(k) == 1.0f ? g : at::mul(g, a.weight(k)));
    out.push_back(needs.weights ? weights_gradient(a, sums) : Tensor());
    for (int64_t k = 0; k < count; k++)
      if (a.moments[k].defined()) out.push_back(needs.moments[k] ? lazy_gradient(a, sums, k, pixels) : Tensor());
    for (int64_t k = 0; k < count; k++) {
      if (!a.gammas[k].defined()) continue;
      const auto value = [&](int64_t c) { return a.weight(k) * a.stats(k).invstd[c] * sums.dot[k][c]; };
      out.push_back(needs.gammas[k] ? channel_gradient(a.channels(), a.gammas[k], value) : Tensor());
    }
    for (int64_t k = 0; k < count; k++) {
      if (!a.betas[k].defined()) continue;
      const auto value = [&](int64_t c) { return a.weight(k) * sums.g[c]; };
      out.push_back(needs.betas[k] ? channel_gradient(a.channels(), a.betas[k], value) : Tensor());
    }
    out.emplace_back();  // the arguments themselves
    return out;
  }
};

Tensor node_sum(at::TensorList raws, const OptionalTensors& moments, const OptionalTensors& gammas, const OptionalTensors& betas,
                const Tensor& weights, bool batch_stats, c10::List<bool> relus) {
  return forward(node_arguments(raws, moments, gammas, betas, weights, batch_stats, relus));
}

Tensor node_sum_autograd(at::TensorList raws, const OptionalTensors& moments, const OptionalTensors& gammas, const OptionalTensors& betas,
                         const Tensor& weights, bool batch_stats, c10::List<bool> relus) {
  const NodeArguments a = node_arguments(raws, moments, gammas, betas, weights, batch_stats, relus);
  std::vector<Tensor> inputs = a.raws;
  inputs.push_back(weights);
  for (const auto* list : {&a.moments, &a.gammas, &a.betas})
    for (const Tensor& t : *list)
      if (t.defined()) inputs.push_back(t);
  for (int64_t k = 0; k < a.count(); k++)
    TORCH_CHECK(!a.moments[k].defined() || !a.raws[k].requires_grad() || a.moments[k].requires_grad(),
                "Cannot sum branches: moments must come from the read_source that gave the raw, those of raw ", k, " have no gradient");
  return NodeSum::apply(at::TensorList(inputs), a);
}

TORCH_LIBRARY_FRAGMENT(tailnas, m) {
  m.def(
      "node_sum(Tensor[] raws, Tensor?[] moments, Tensor?[] gammas, Tensor?[] betas, Tensor weights, bool batch_stats, "
      "bool[] relus) -> Tensor");
}

TORCH_LIBRARY_IMPL(tailnas, CPU, m) { m.impl("node_sum", node_sum); }

TORCH_LIBRARY_IMPL(tailnas, AutogradCPU, m) { m.impl("node_sum", node_sum_autograd); }

}  // namespace
}  // namespace tailnas::kernels
