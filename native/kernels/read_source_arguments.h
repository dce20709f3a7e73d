// The arguments of tailnas::read_source, checked, and as the kernels see them.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "read_source.h"

namespace tailnas::kernels {

/// What a reader is normalised with by whoever reads its result: nothing, its own statistics (which move the running ones), or the running ones.
enum class NormOf { nothing, batch, running };

struct ReaderArguments {
  int64_t copies;  // of the result, one for each that reads it
  NormOf norm;
  int64_t first_weight;   // its place among the weights
  int64_t first_running;  // and among the running statistics
};

struct ReadSourceArguments {
  std::vector<at::Tensor> x, weights, running;
  at::Tensor moments, gamma, beta;  // of x; undefined if it is not normalised
  bool batch_stats;                 // the moments are x's own
  std::vector<int64_t> spec;        // as given

  // Made of these. Pointers point into the tensors above.
  int64_t images = 0;
  std::vector<SourcePart> parts;
  std::vector<Reader> readers;
  std::vector<ReaderArguments> extra;
  Source source{};

  ReadSource whole(const float* packed) const { return {source, readers.data(), static_cast<int64_t>(readers.size()), packed}; }
};

/// Numbers for each reader in `spec`: kind (0 separable half, 1 ReLU and 1×1 convolution, 2 factorized reduction, 3 max pool, 4 average pool, 5 x itself, 6 ReLU and
/// a dense convolution, 7 ReLU of x), stride, dilation, copies, norm (0 none, 1 batch, 2 running).
constexpr size_t kSpec = 5;

/// Checks everything and fills what is made of it. Throws c10::Error.
void complete(ReadSourceArguments& arguments);

}  // namespace tailnas::kernels
