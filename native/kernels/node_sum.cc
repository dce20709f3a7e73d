// tailnas::node_sum: the value of a node, Σ_k weights[k]·x̂_k with x̂_k = (raw_k − mean_k)·invstd_k, or raw_k where there is no mean. No
// normalised and no weighted tensor is stored. With g the gradient of the sum and means over batch, h and w:
//
//     d weights[k] = Σ g·x̂_k
//     d raw_k      = weights[k]·invstd_k·(g − mean(g) − x̂_k·mean(g·x̂_k))     the last two terms only with batch_stats
#include "node_sum.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "channel_stats_lanes.h"
#include "variants.h"

namespace tailnas::kernels {
namespace {

using at::Tensor;
using OptionalTensors = c10::List<std::optional<Tensor>>;

/// The statistics of all terms; undefined where a term has none.
struct Stats {
  std::vector<Tensor> means, invstds;
};

void check_raws(at::TensorList raws) {
  TORCH_CHECK(!raws.empty(), "node_sum: raws must not be empty");
  for (const auto& raw : raws) {
    TORCH_CHECK(raw.dim() == 4 && raw.numel() > 0 && raw.sizes() == raws[0].sizes(),
                "node_sum: raws must be [batch, channels, h, w], not empty and all of one shape, got ", raw.sizes());
    TORCH_CHECK(raw.scalar_type() == at::kFloat, "node_sum: raws must be float32, got ", raw.scalar_type());
    TORCH_CHECK(raw.is_contiguous(at::MemoryFormat::ChannelsLast), "node_sum: raws must be channels-last in memory");
  }
}

std::vector<Tensor> stats_of(const OptionalTensors& given, at::TensorList raws, const char* name) {
  TORCH_CHECK(given.size() == raws.size(), "node_sum: ", name, " must be as many as raws, ", raws.size(), ", got ", given.size());
  std::vector<Tensor> out;
  for (const std::optional<Tensor> t : given) {
    out.push_back(t.value_or(Tensor()));
    if (out.back().defined())
      TORCH_CHECK(out.back().scalar_type() == at::kFloat && out.back().dim() == 1 && out.back().numel() == raws[0].size(1),
                  "node_sum: ", name, " must be float32 [channels], got ", out.back().scalar_type(), out.back().sizes());
  }
  return out;
}

Stats check(at::TensorList raws, const OptionalTensors& means, const OptionalTensors& invstds, const Tensor& weights) {
  check_raws(raws);
  TORCH_CHECK(weights.scalar_type() == at::kFloat && weights.dim() == 1 && weights.numel() == static_cast<int64_t>(raws.size()),
              "node_sum: weights must be float32 [", raws.size(), "], got ", weights.scalar_type(), weights.sizes());
  Stats stats{stats_of(means, raws, "means"), stats_of(invstds, raws, "invstds")};
  for (size_t k = 0; k < raws.size(); k++)
    TORCH_CHECK(stats.means[k].defined() == stats.invstds[k].defined(), "node_sum: raw ", k, " must have both mean and invstd, or neither");
  return stats;
}

Lanes lanes_of(const Tensor& raw) {
  const int64_t channels = raw.size(1);
  return kernels::lanes_of(raw.numel() / channels, channels, variant().node_sum.width, at::get_num_threads());
}

/// Arrays of one value a lane, one after the other in memory that is kept.
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

Tensor forward(at::TensorList raws, const Stats& stats, const Tensor& weights) {
  const Lanes lanes = lanes_of(raws[0]);
  const int64_t count = static_cast<int64_t>(raws.size());
  LaneArrays arrays(lanes, 2 * count);
  const auto weight = weights.contiguous();
  std::vector<NodeTerm> terms;
  for (int64_t k = 0; k < count; k++) {
    const float w = weight.const_data_ptr<float>()[k];
    NodeTerm term{raws[k].const_data_ptr<float>(), arrays.zero(), nullptr};
    if (stats.means[k].defined()) {
      const auto mean = stats.means[k].contiguous(), invstd = stats.invstds[k].contiguous();
      const float *m = mean.const_data_ptr<float>(), *s = invstd.const_data_ptr<float>();
      term.mean = arrays.of([&](int64_t c) { return m[c]; });
      term.scale = arrays.of([&](int64_t c) { return w * s[c]; });
    } else {
      term.scale = arrays.of([&](int64_t) { return w; });
    }
    terms.push_back(term);
  }
  auto y = at::empty(raws[0].sizes(), raws[0].options().memory_format(at::MemoryFormat::ChannelsLast));
  float* out = y.mutable_data_ptr<float>();
  in_parts(lanes, [&](NodeRange range, int64_t) { variant().node_sum.add_up(terms.data(), count, range, out); });
  return y;
}

/// What the backward pass is asked for, and what it has.
struct Backward {
  at::TensorList raws;  // undefined where no gradient needs its values
  Stats stats;
  Tensor weights;
  bool batch_stats;
  std::vector<bool> needs_raw;
  bool needs_weights;

  bool depends_on_stats(int64_t k) const { return needs_raw[k] && batch_stats && stats.means[k].defined(); }
};

/// Σ g and Σ g·x̂ over batch, h and w.
struct Sums {
  std::vector<double> g;                // [c]
  std::vector<std::vector<double>> dot;  // [k][c], empty where nobody needs it
};

Sums sums_of(const Backward& b, const Tensor& g, const Lanes& lanes) {
  const int64_t count = static_cast<int64_t>(b.raws.size()), channels = lanes.channels;
  LaneArrays arrays(lanes, count);
  std::vector<NodeTerm> terms;
  std::vector<int64_t> which;
  std::vector<Tensor> means;
  for (int64_t k = 0; k < count; k++) {
    if (!b.needs_weights && !b.depends_on_stats(k)) continue;
    const float* mean = arrays.zero();
    if (b.stats.means[k].defined()) {
      const auto values = b.stats.means[k].contiguous();
      mean = arrays.of([m = values.const_data_ptr<float>()](int64_t c) { return m[c]; });
    }
    terms.push_back({b.raws[k].const_data_ptr<float>(), mean, nullptr});
    which.push_back(k);
  }
  Sums sums{std::vector<double>(channels), std::vector<std::vector<double>>(count)};
  if (terms.empty()) return sums;

  thread_local Kept<double> scratch;
  const int64_t used = static_cast<int64_t>(terms.size()), part_size = (used + 1) * lanes.period;
  double* parts = scratch.zeros(lanes.chunks * part_size);  // [chunk][Σ g, Σ g·(raw − mean) of each term][lane]
  const float* gradient = g.const_data_ptr<float>();
  in_parts(lanes, [&](NodeRange range, int64_t part) {
    variant().node_sum.dots(terms.data(), used, range, gradient, parts + part * part_size);
  });
  for (const int64_t k : which) sums.dot[k].resize(channels);
  for (int64_t part = 0; part < lanes.chunks; part++) {
    add_lanes(parts + part * part_size, lanes, sums.g.data());
    for (int64_t t = 0; t < used; t++)
      add_lanes(parts + part * part_size + (t + 1) * lanes.period, lanes, sums.dot[which[t]].data());
  }
  for (const int64_t k : which) {
    if (!b.stats.invstds[k].defined()) continue;
    const auto invstd = b.stats.invstds[k].contiguous();
    for (int64_t c = 0; c < channels; c++) sums.dot[k][c] *= invstd.const_data_ptr<float>()[c];
  }
  return sums;
}

void raw_gradients(const Backward& b, const Tensor& g, const Lanes& lanes, const Sums& sums, std::vector<Tensor>& out) {
  const int64_t count = static_cast<int64_t>(b.raws.size());
  const double pixels = static_cast<double>(lanes.floats / lanes.channels);
  LaneArrays arrays(lanes, 4 * count);
  const auto weight = b.weights.contiguous();
  std::vector<NodeGradient> terms;
  for (int64_t k = 0; k < count; k++) {
    if (!b.needs_raw[k]) continue;
    out[k] = at::empty_like(g, g.options().memory_format(at::MemoryFormat::ChannelsLast));
    const double w = weight.const_data_ptr<float>()[k];
    NodeGradient term{nullptr, nullptr, nullptr, nullptr, nullptr, out[k].mutable_data_ptr<float>()};
    if (b.stats.means[k].defined()) {
      const auto mean = b.stats.means[k].contiguous(), invstd = b.stats.invstds[k].contiguous();
      const float *m = mean.const_data_ptr<float>(), *s = invstd.const_data_ptr<float>();
      term.scale = arrays.of([&](int64_t c) { return w * s[c]; });
      if (b.batch_stats) {
        term.raw = b.raws[k].const_data_ptr<float>();
        term.mean = arrays.of([&](int64_t c) { return m[c]; });
        term.offset = arrays.of([&](int64_t c) { return w * s[c] * sums.g[c] / pixels; });
        term.slope = arrays.of([&](int64_t c) { return w * s[c] * s[c] * sums.dot[k][c] / pixels; });
      }
    } else {
      term.scale = arrays.of([&](int64_t) { return w; });
    }
    terms.push_back(term);
  }
  const float* gradient = g.const_data_ptr<float>();
  in_parts(lanes, [&](NodeRange range, int64_t) {
    variant().node_sum.gradients(terms.data(), static_cast<int64_t>(terms.size()), range, gradient);
  });
}

/// The gradients of the raws and, last, of the weights; undefined where not asked for.
std::vector<Tensor> backward(const Backward& b, const Tensor& gradient) {
  const auto g = gradient.contiguous(at::MemoryFormat::ChannelsLast);
  const Lanes lanes = lanes_of(g);
  const auto sums = sums_of(b, g, lanes);
  std::vector<Tensor> out(b.raws.size() + 1);
  raw_gradients(b, g, lanes, sums, out);
  if (b.needs_weights) {
    auto& weights = out.back() = at::empty_like(b.weights, b.weights.options().memory_format(at::MemoryFormat::Contiguous));
    for (size_t k = 0; k < b.raws.size(); k++) {
      double total = 0;
      for (const double dot : sums.dot[k]) total += dot;
      weights.mutable_data_ptr<float>()[k] = static_cast<float>(total);
    }
  }
  return out;
}

class NodeSum : public torch::autograd::Function<NodeSum> {
 public:
  // `stats` holds tensors, but none that gets a gradient, so it is no argument that autograd looks at.
  static Tensor forward(torch::autograd::AutogradContext* ctx, at::TensorList raws, const Tensor& weights, const Stats& stats,
                        bool batch_stats) {
    std::vector<Tensor> saved;
    for (size_t k = 0; k < raws.size(); k++) {
      const bool values = weights.requires_grad() || (raws[k].requires_grad() && batch_stats && stats.means[k].defined());
      saved.push_back(values ? raws[k] : Tensor());
    }
    saved.insert(saved.end(), stats.means.begin(), stats.means.end());
    saved.insert(saved.end(), stats.invstds.begin(), stats.invstds.end());
    saved.push_back(weights);
    ctx->save_for_backward(saved);
    ctx->saved_data["batch_stats"] = batch_stats;
    return kernels::forward(raws, stats, weights);
  }

  static std::vector<Tensor> backward(torch::autograd::AutogradContext* ctx, std::vector<Tensor> gradients) {
    const auto saved = ctx->get_saved_variables();
    const auto count = static_cast<int64_t>(saved.size() / 3);  // [raws, means, invstds, weights]
    const auto from = [&](int64_t at) { return std::vector<Tensor>(saved.begin() + at, saved.begin() + at + count); };
    const auto raws = from(0);
    Backward b{raws, {from(count), from(2 * count)}, saved.back(), ctx->saved_data["batch_stats"].toBool(), {}, false};
    for (int64_t k = 0; k < count; k++) b.needs_raw.push_back(ctx->needs_input_grad(k));
    b.needs_weights = ctx->needs_input_grad(count);
    auto out = kernels::backward(b, gradients[0]);
    out.resize(count + 3);  // stats and batch_stats have none
    return out;
  }
};

Tensor node_sum(at::TensorList raws, const OptionalTensors& means, const OptionalTensors& invstds, const Tensor& weights, bool) {
  return forward(raws, check(raws, means, invstds, weights), weights);
}

Tensor node_sum_autograd(at::TensorList raws, const OptionalTensors& means, const OptionalTensors& invstds, const Tensor& weights,
                         bool batch_stats) {
  const Stats stats = check(raws, means, invstds, weights);
  return NodeSum::apply(raws, weights, stats, batch_stats);
}

TORCH_LIBRARY_FRAGMENT(tailnas, m) {
  m.def("node_sum(Tensor[] raws, Tensor?[] means, Tensor?[] invstds, Tensor weights, bool batch_stats) -> Tensor");
}

TORCH_LIBRARY_IMPL(tailnas, CPU, m) { m.impl("node_sum", node_sum); }

TORCH_LIBRARY_IMPL(tailnas, AutogradCPU, m) { m.impl("node_sum", node_sum_autograd); }

}  // namespace
}  // namespace tailnas::kernels
