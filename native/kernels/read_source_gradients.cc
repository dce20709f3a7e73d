#include "read_source_gradients.h"

#include <ATen/ATen.h>

#include "lanes.h"
#include "moments.h"
#include "variants.h"

namespace tailnas::kernels {
namespace {

using at::Tensor;
constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

/// The incoming gradients of one reader. Its pointers point into its own members.
struct Incoming {
  std::vector<Tensor> held;
  std::vector<LazyTerm> terms;
  std::vector<float> offset, slope;  // summed over the copies; empty if no copy has any
};

bool all_zero(const float* values, int64_t count) {
  return std::all_of(values, values + count, [](float value) { return value == 0.0f; });
}

/// `next`: where in back.incoming the reader's copies start.
Incoming incoming_of(const ReadSourceBack& back, size_t r, size_t next) {
  Incoming in;
  const ReadSourceArguments& a = back.arguments;
  const int64_t channels = a.readers[r].channels;
  for (int64_t copy = 0; copy < a.extra[r].copies; copy++, next += 2) {
    if (!back.incoming[next].defined()) continue;
    in.held.push_back(back.incoming[next].contiguous(kChannelsLast));
    in.terms.push_back({in.held.back().const_data_ptr<float>(), nullptr});
    if (!back.incoming[next + 1].defined()) continue;
    in.held.push_back(back.incoming[next + 1].contiguous());
    const LazyRows rows = lazy_rows(in.held.back());
    in.terms.back().gain = rows.gain;
    // Zeros do not count: where the statistics are not the batch's, a y that is not finite must not spoil its gradient.
    if (!rows.slope || all_zero(rows.offset, 2 * channels)) continue;
    in.offset.resize(channels);
    in.slope.resize(channels);
    for (int64_t c = 0; c < channels; c++) in.offset[c] += rows.offset[c], in.slope[c] += rows.slope[c];
  }
  return in;
}

/// All sums of all shares in one block; for each share those of the norm (as doubles), then those of every weight that needs a gradient.
class ShareSums {
 public:
  ShareSums(const ReadSourceArguments& a, const std::vector<bool>& needed, bool norm, int64_t shares) : shares_(shares) {
    channels_ = round_up(a.source.channels, variant(a.source.channels).read_source.width);
    size_ = norm_ = norm ? round_up(4 * channels_, 16) : 0;
    for (size_t r = 0; r < a.readers.size(); r++) {
      int64_t weight = a.extra[r].first_weight;
      for (int64_t p = 0; p < a.readers[r].part_count; p++) {
        const Convolution& c = a.readers[r].parts[p];
        if (c.depthwise) add(needed[weight++], c.taps() * channels_);
        add(needed[weight++], c.products() * c.outputs * channels_);
      }
    }
    thread_local Scratch memory;
    block_ = memory.floats(shares * size_);
    std::fill_n(block_, shares * size_, 0.0f);
  }
  double* norm(int64_t share) const { return norm_ ? reinterpret_cast<double*>(block_ + share * size_) : nullptr; }
  float* weight(int64_t share, int64_t index) const { return places_[index] < 0 ? nullptr : block_ + share * size_ + places_[index]; }
  int64_t channels() const { return channels_; }  // padded

  /// Adds all shares to the first; always in the same order.
  void total() const {
    for (int64_t share = 1; share < shares_; share++) {
      for (int64_t c = 0; norm_ && c < 2 * channels_; c++) norm(0)[c] += norm(share)[c];
      for (int64_t i = norm_; i < size_; i++) block_[i] += block_[share * size_ + i];
    }
  }

 private:
  static int64_t round_up(int64_t n, int64_t step) { return (n + step - 1) / step * step; }
  void add(bool needed, int64_t floats) {
    places_.push_back(needed ? size_ : -1);
    if (needed) size_ += round_up(floats, 16);
  }

  int64_t shares_, channels_, norm_, size_;
  std::vector<int64_t> places_;  // of each weight
  float* block_;
};

Tensor depthwise_tensor(const float* from, const Tensor& like) {
  const int64_t channels = like.size(0), width = variant(channels).read_source.width, taps = like.size(2) * like.size(3);
  Tensor t = at::empty(like.sizes(), like.options());
  float* to = t.mutable_data_ptr<float>();
  for (int64_t c = 0; c < channels; c++)
    for (int64_t k = 0; k < taps; k++) *to++ = from[(c / width * taps + k) * width + c % width];
  return t;
}

/// From [products][outputs][c padded].
Tensor pointwise_tensor(const float* from, int64_t channels, const Tensor& like) {
  const int64_t outputs = like.size(0), products = like.size(2) * like.size(3);
  Tensor t = at::empty(like.sizes(), like.options());
  float* to = t.mutable_data_ptr<float>();
  for (int64_t d = 0; d < outputs; d++)
    for (int64_t c = 0; c < like.size(1); c++)
      for (int64_t k = 0; k < products; k++) *to++ = from[(k * outputs + d) * channels + c];
  return t;
}

Tensor channel_tensor(const double* from, const float* factor, const Tensor& like) {
  Tensor t = at::empty(like.sizes(), like.options());
  float* to = t.mutable_data_ptr<float>();
  for (int64_t c = 0; c < like.size(0); c++) to[c] = static_cast<float>(from[c] * (factor ? factor[c] : 1.0f));
  return t;
}

/// The lazy gradient of x's moments (moments.h), for the gradient of the normalised value.
Tensor moments_gradient(const ReadSourceArguments& a, const ShareSums& sums) {
  const int64_t channels = a.source.channels;
  Tensor t = at::zeros({3, channels}, a.moments.options());
  const LazyRows rows = lazy_rows(t);
  const double *g = sums.norm(0), *g_x = g + sums.channels(), count = static_cast<double>(a.images * a.source.pixels());
  for (int64_t c = 0; c < channels; c++) {
    const double invstd = a.source.invstd[c], gain = invstd * (a.source.gamma ? a.source.gamma[c] : 1.0f);
    rows.gain[c] = static_cast<float>(gain);
    if (!a.batch_stats) continue;
    rows.offset[c] = static_cast<float>(gain * g[c] / count);
    rows.slope[c] = static_cast<float>(gain * invstd * invstd * g_x[c] / count);
  }
  return t;
}

}  // namespace

std::vector<Tensor> gradients(const ReadSourceBack& back) {
  const ReadSourceArguments& a = back.arguments;
  const auto& kernels = variant(a.source.channels).read_source;
  const size_t parts = a.x.size(), weights = a.weights.size();
  const std::vector<bool> needed_weights(back.needed.begin() + parts, back.needed.begin() + parts + weights);
  bool wants_x = false;
  for (size_t p = 0; p < parts; p++) wants_x = wants_x || back.needed[p];
  bool wants_norm = false;
  for (size_t i = parts + weights; i < back.needed.size(); i++) wants_norm = wants_norm || back.needed[i];
  wants_norm = wants_norm || (a.moments.defined() && wants_x);

  const int64_t shares = shares_of(a.images);
  const ShareSums sums(a, needed_weights, wants_norm, shares);
  std::vector<Incoming> incoming;
  size_t next = 0;
  for (size_t r = 0; r < a.readers.size(); r++) {
    incoming.push_back(incoming_of(back, r, next));
    next += 2 * a.extra[r].copies;
  }
  std::vector<Tensor> out(back.needed.size());
  std::vector<float*> dx;
  for (size_t p = 0; p < parts && wants_x; p++) {
    out[p] = at::empty_like(a.x[p], a.x[p].options().memory_format(kChannelsLast));
    dx.push_back(out[p].mutable_data_ptr<float>());
  }

  bool stream = wants_x;
  for (size_t p = 0; p < parts; p++) stream = stream && is_streamed(dx[p], a.x[p].numel());

  thread_local Scratch packed;
  ReadSource whole = a.whole(nullptr);
  float* pack = packed.floats(kernels.packed_floats(whole));
  kernels.pack(whole, pack);
  whole.packed = pack;
  for_shares(a.images, kernels.backward_scratch(whole), [&](int64_t share, ImageRange images, float* scratch) {
    std::vector<ReaderGradient> readers;
    for (size_t r = 0; r < a.readers.size(); r++) {
      const Incoming& in = incoming[r];
      ReaderGradient gradient{in.terms.data(), static_cast<int64_t>(in.terms.size())};
      if (!in.slope.empty()) {
        gradient.y = back.y[r].const_data_ptr<float>();
        gradient.mean = moments_of(back.moments[r]).mean;
        gradient.offset = in.offset.data();
        gradient.slope = in.slope.data();
      }
      if (back.taps[r].defined()) gradient.taps = back.taps[r].const_data_ptr<uint8_t>();
      int64_t weight = a.extra[r].first_weight;
      for (int64_t p = 0; p < a.readers[r].part_count; p++) {
        if (a.readers[r].parts[p].depthwise) gradient.depthwise[p] = sums.weight(share, weight++);
        gradient.pointwise[p] = sums.weight(share, weight++);
      }
      readers.push_back(gradient);
    }
    double* norm = sums.norm(share);
    const SourceGradient to{wants_x ? dx.data() : nullptr, norm, norm ? norm + sums.channels() : nullptr, stream};
    kernels.backward(whole, readers.data(), to, images, scratch);
  });
  sums.total();

  for (size_t r = 0; r < a.readers.size(); r++) {
    int64_t weight = a.extra[r].first_weight;
    for (int64_t p = 0; p < a.readers[r].part_count; p++) {
      if (a.readers[r].parts[p].depthwise) {
        if (needed_weights[weight]) out[parts + weight] = depthwise_tensor(sums.weight(0, weight), a.weights[weight]);
        weight++;
      }
      if (needed_weights[weight]) out[parts + weight] = pointwise_tensor(sums.weight(0, weight), sums.channels(), a.weights[weight]);
      weight++;
    }
  }
  size_t place = parts + weights;
  if (a.moments.defined()) {
    if (back.needed[place] || wants_x) out[place] = moments_gradient(a, sums);
    place++;
  }
  if (a.gamma.defined() && back.needed[place++]) out[place - 1] = channel_tensor(sums.norm(0) + sums.channels(), a.source.invstd, a.gamma);
  if (a.beta.defined() && back.needed[place]) out[place] = channel_tensor(sums.norm(0), nullptr, a.beta);
  return out;
}

}  // namespace tailnas::kernels
