// Cuts one block of memory into pieces.
#pragma once

/// Every piece starts at a multiple of 64 bytes. Without a block it only counts, so that one function says both how much memory is needed
/// and where everything in it lies.
struct Arena {
  float* block;
  int64_t used = 0;

  float* floats(int64_t count) {
    float* piece = block ? block + used : nullptr;
    const int64_t end = used + count;
    used = (end + 15) / 16 * 16 + kGap / sizeof(float);
    if (block) {
      permit(piece, count * sizeof(float));
      forbid(block + end, (used - end) * sizeof(float));
    }
    return piece;
  }
  int64_t* integers(int64_t count) { return reinterpret_cast<int64_t*>(floats(2 * count)); }
};
