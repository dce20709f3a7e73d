// The backward pass of tailnas::read_source, and how both passes share the images.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "read_source_arguments.h"
#include "scratch.h"

namespace tailnas::kernels {

/// Every thread takes a run of images. It depends on nothing but sizes and the number of threads, so that results do not either.
inline int64_t shares_of(int64_t images) { return std::min<int64_t>(images, at::get_num_threads()); }

/// Calls work(share, images, scratch) for every share, each in one thread.
template <typename Work>
void for_shares(int64_t images, int64_t scratch, const Work& work) {
  const int64_t shares = shares_of(images);
  at::parallel_for(0, shares, 1, [&](int64_t begin, int64_t end) {
    thread_local Scratch memory;
    for (int64_t share = begin; share < end; share++)
      work(share, ImageRange{images * share / shares, images * (share + 1) / shares}, memory.floats(scratch));
  });
}

struct ReadSourceBack {
  const ReadSourceArguments& arguments;
  std::vector<at::Tensor> y, moments, taps;  // of each reader
  std::vector<at::Tensor> incoming;          // [y, moments] of each copy of each reader
  std::vector<bool> needed;                  // of [x…, weights…, moments, gamma, beta], the last three where they are defined
};

/// One for each of `needed`, undefined where it is false.
std::vector<at::Tensor> gradients(const ReadSourceBack& back);

}  // namespace tailnas::kernels
