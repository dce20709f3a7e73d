#include "read_source_arguments.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace tailnas::kernels {
namespace {

using at::Tensor;
constexpr const char* kCannot = "Cannot read source: ";
constexpr int64_t kMostPadding = 256, kMostCopies = 1 << 10;

void check_float(const Tensor& t, const char* name) {
  TORCH_CHECK(t.scalar_type() == at::kFloat, kCannot, name, " must be float32, got ", t.scalar_type());
}

void check_source(ReadSourceArguments& a) {
  TORCH_CHECK(!a.x.empty(), kCannot, "x must not be empty");
  for (const Tensor& part : a.x) {
    check_float(part, "x");
    TORCH_CHECK(part.dim() == 4 && part.numel() > 0, kCannot, "x must be [batch, channels, h, w] and hold a value, got sizes ", part.sizes());
    TORCH_CHECK(part.is_contiguous(at::MemoryFormat::ChannelsLast), kCannot, "x must be channels-last in memory, got sizes ", part.sizes(),
                " and strides ", part.strides());
    TORCH_CHECK(part.size(0) == a.x[0].size(0) && part.size(2) == a.x[0].size(2) && part.size(3) == a.x[0].size(3), kCannot,
                "the parts of x must have one batch and image size, got ", part.sizes(), " beside ", a.x[0].sizes());
    TORCH_CHECK(a.x.size() == 1 || part.size(1) % 16 == 0, kCannot, "of several parts of x each must have a multiple of 16 channels, got ",
                part.size(1));
    a.parts.push_back({part.const_data_ptr<float>(), part.size(1)});
    a.source.channels += part.size(1);
  }
  a.images = a.x[0].size(0);
  a.source.height = a.x[0].size(2);
  a.source.width = a.x[0].size(3);
  a.source.parts = a.parts.data();
  a.source.part_count = static_cast<int64_t>(a.parts.size());
}

const float* channel_values(const Tensor& t, const char* name, int64_t channels) {
  if (!t.defined()) return nullptr;
  check_float(t, name);
  TORCH_CHECK(t.dim() == 1 && t.size(0) == channels && t.is_contiguous(), kCannot, name, " must hold ", channels,
              " values in a row, one a channel, got sizes ", t.sizes());
  return t.const_data_ptr<float>();
}

void check_norm(ReadSourceArguments& a) {
  const int64_t channels = a.source.channels;
  if (!a.moments.defined()) {
    TORCH_CHECK(!a.gamma.defined() && !a.beta.defined(), kCannot, "gamma and beta must come with moments");
    return;
  }
  check_float(a.moments, "moments");
  TORCH_CHECK(a.moments.dim() == 2 && a.moments.size(0) == 3 && a.moments.size(1) == channels && a.moments.is_contiguous(), kCannot,
              "moments must be [3, ", channels, "], got sizes ", a.moments.sizes());
  const float* rows = a.moments.const_data_ptr<float>();
  a.source.mean = rows;
  a.source.invstd = rows + 2 * channels;
  a.source.gamma = channel_values(a.gamma, "gamma", channels);
  a.source.beta = channel_values(a.beta, "beta", channels);
}

/// Takes tensors from a list in their order.
class Taken {
 public:
  Taken(std::vector<Tensor>& list, const char* name) : list_(list), name_(name) {}
  Tensor& next() {
    TORCH_CHECK(at_ < static_cast<int64_t>(list_.size()), kCannot, "the readers need more ", name_, " than the ", list_.size(), " given");
    return list_[at_++];
  }
  int64_t at() const { return at_; }
  void finish() const {
    TORCH_CHECK(at_ == static_cast<int64_t>(list_.size()), kCannot, "the readers need ", at_, " ", name_, ", got ", list_.size());
  }

 private:
  std::vector<Tensor>& list_;
  const char* name_;
  int64_t at_ = 0;
};

const float* pointwise(Tensor& t, int64_t channels) {
  check_float(t, "a 1×1 weight");
  TORCH_CHECK(t.dim() == 4 && t.size(0) >= 1 && t.size(1) == channels && t.size(2) == 1 && t.size(3) == 1, kCannot, "a 1×1 weight must be [d, ",
              channels, ", 1, 1], got sizes ", t.sizes());
  t = t.contiguous();
  return t.const_data_ptr<float>();
}

const float* depthwise(Tensor& t, int64_t channels) {
  check_float(t, "a depthwise weight");
  TORCH_CHECK(t.dim() == 4 && t.size(0) == channels && t.size(1) == 1 && t.size(2) == t.size(3) && t.size(2) % 2 == 1, kCannot,
              "a depthwise weight must be [", channels, ", 1, k, k] with k odd, got sizes ", t.sizes());
  t = t.contiguous();
  return t.const_data_ptr<float>();
}

/// It frames every image in memory.
void check_padding(const Convolution& c) {
  TORCH_CHECK(c.dilation <= kMostPadding && c.dilation * (c.kernel / 2) <= kMostPadding, kCannot, "the padding of kernel ", c.kernel,
              " and dilation ", c.dilation, " must be at most ", kMostPadding, " pixels");
}

void add_dense(Reader& reader, const Source& s, Taken& weights, int64_t dilation) {
  Convolution& c = reader.parts[reader.part_count++];
  Tensor& t = weights.next();
  check_float(t, "a dense weight");
  TORCH_CHECK(t.dim() == 4 && t.size(0) >= 1 && t.size(1) == s.channels && t.size(2) == t.size(3) && t.size(2) % 2 == 1, kCannot,
              "a dense weight must be [d, ", s.channels, ", k, k] with k odd, got sizes ", t.sizes());
  t = t.contiguous();
  c = {t.size(2), reader.stride, dilation, 0, reader.channels, t.size(0), nullptr, t.const_data_ptr<float>(), true};
  check_padding(c);
  reader.channels += c.outputs;
}

void add_convolution(Reader& reader, const Source& s, Taken& weights, int64_t dilation, bool separable, int64_t shift) {
  Convolution& c = reader.parts[reader.part_count++];
  c = {1, reader.stride, dilation, shift, reader.channels, 0, nullptr, nullptr, false};
  if (separable) {
    Tensor& weight = weights.next();
    c.depthwise = depthwise(weight, s.channels);
    c.kernel = weight.size(2);
    check_padding(c);
  }
  Tensor& weight = weights.next();
  c.pointwise = pointwise(weight, s.channels);
  c.outputs = weight.size(0);
  reader.channels += c.outputs;
}

Reader reader_of(const int64_t* spec, const Source& s, Taken& weights) {
  const int64_t kind = spec[0], stride = spec[1], dilation = spec[2];
  TORCH_CHECK(kind >= 0 && kind <= 7, kCannot, "a reader's kind must be from 0 to 7, got ", kind);
  TORCH_CHECK(stride == 1 || stride == 2, kCannot, "stride must be 1 or 2, got ", stride);
  TORCH_CHECK(dilation >= 1, kCannot, "dilation must be >= 1, got ", dilation);
  TORCH_CHECK(kind != 2 || stride == 2, kCannot, "a factorized reduction has stride 2, got ", stride);
  constexpr ReaderKind kinds[] = {ReaderKind::convolution, ReaderKind::convolution, ReaderKind::convolution, ReaderKind::max_pool,
                                  ReaderKind::avg_pool,    ReaderKind::self,        ReaderKind::convolution, ReaderKind::relu};
  Reader reader{kinds[kind], stride, 0, {}, 0};
  if (kind <= 1) add_convolution(reader, s, weights, dilation, kind == 0, 0);
  if (kind == 2)
    for (int64_t shift = 0; shift < 2; shift++) add_convolution(reader, s, weights, 1, false, shift);
  if (kind == 6) add_dense(reader, s, weights, dilation);
  if (reader.kind != ReaderKind::convolution) {
    TORCH_CHECK(s.part_count == 1 && !s.normalised(), kCannot, "pools and x itself must be read from one tensor without moments, got ",
                s.part_count, " parts", s.normalised() ? " and moments" : "");
    TORCH_CHECK(!reader.gives_x() || stride == 1, kCannot, "x itself and its ReLU have stride 1, got ", stride);
    reader.channels = s.channels;
  }
  return reader;
}

NormOf norm_of(int64_t number, const Reader& reader, Taken& running) {
  TORCH_CHECK(number >= 0 && number <= 2, kCannot, "a reader's norm must be from 0 to 2, got ", number);
  TORCH_CHECK(number == 0 || reader.kind != ReaderKind::relu, kCannot, "a ReLU of x has no norm, got ", number);
  for (int i = 0; number > 0 && i < 2; i++) channel_values(running.next(), i == 0 ? "a running mean" : "a running variance", reader.channels);
  return static_cast<NormOf>(number);
}

}  // namespace

void complete(ReadSourceArguments& a) {
  check_source(a);
  check_norm(a);
  TORCH_CHECK(!a.spec.empty() && a.spec.size() % kSpec == 0, kCannot, "readers must be ", kSpec, " numbers each, got ", a.spec.size());
  Taken weights(a.weights, "weights"), running(a.running, "running statistics");
  for (size_t i = 0; i < a.spec.size(); i += kSpec) {
    const int64_t copies = a.spec[i + 3];
    TORCH_CHECK(copies >= 1 && copies <= kMostCopies, kCannot, "a reader must have from 1 to ", kMostCopies, " copies, got ", copies);
    ReaderArguments extra{copies, NormOf::nothing, weights.at(), running.at()};
    a.readers.push_back(reader_of(&a.spec[i], a.source, weights));
    extra.norm = norm_of(a.spec[i + 4], a.readers.back(), running);
    a.extra.push_back(extra);
  }
  const auto relus = std::count_if(a.readers.begin(), a.readers.end(), [](const Reader& r) { return r.kind == ReaderKind::relu; });
  TORCH_CHECK(relus <= 1, kCannot, "the ReLU of x must have one reader, with as many copies as are needed, got ", relus);
  weights.finish();
  running.finish();
}

}  // namespace tailnas::kernels
