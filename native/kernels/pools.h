// The arguments of the 3×3 pools' kernels. All images are [n][h][w][c].
#pragma once

#include <cstdint>

namespace tailnas::kernels {

/// A window of 3×3 with a padding of 1.
struct PoolShape {
  int64_t channels, height, width;  // of the input
  int64_t stride;

  int64_t out_height() const { return (height - 1) / stride + 1; }
  int64_t out_width() const { return (width - 1) / stride + 1; }
};

/// Rows of all images, counted through: row r is row r mod height of image r / height.
struct PoolRows {
  int64_t begin, end;
};

}  // namespace tailnas::kernels
