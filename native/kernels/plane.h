// One image with its channels in vectors, in a frame of zeros. It stays in the second-level cache while all taps read it.
#pragma once

/// Vector v of the channels of the pixel in row r and column c is at((v · rows + r) · cols + c): all pixels of one vector of channels lie
/// together, so how far apart two taps are does not depend on the number of channels.
///
///      cols
///    0 0 0 0 0 0
///    0 . . . . 0   rows     . = a vector of kWidth channels, one such plane for each vector; channels past the last are 0
///    0 . . . . 0
///    0 0 0 0 0 0
struct Plane {
  float* data;
  int64_t rows, cols;  // with the frame
  int64_t frame;       // on every side

  TAILNAS_INLINE int64_t vector_step() const { return rows * cols * kWidth; }
  TAILNAS_INLINE int64_t row_step() const { return cols * kWidth; }
  /// Of the image, whose first pixel is (0, 0).
  TAILNAS_INLINE float* at(int64_t v, int64_t r, int64_t c) const {
    return data + ((v * rows + r + frame) * cols + c + frame) * kWidth;
  }
};

inline void clear(float* p, int64_t floats) {
  for (int64_t i = 0; i < floats; i += kWidth) store(p + i, zero());
}

inline Plane plane_in(Arena& arena, int64_t channels, int64_t height, int64_t width, int64_t frame) {
  Plane plane = {nullptr, height + 2 * frame, width + 2 * frame, frame};
  plane.data = arena.floats(plane.vector_step() * vectors_of(channels));
  return plane;
}

/// For each channel, padded to whole vectors: normalised is (x − mean) · scale + beta with scale = invstd · gamma.
struct NormVectors {
  float *mean, *scale, *beta;
};

/// ReLU of the normalised image into the plane.
template <bool NORMALISED>
inline void fill_plane(const Plane& plane, const Source& s, const NormVectors& norm, int64_t image) {
  int64_t first = 0;
  for (int64_t p = 0; p < s.part_count; p++) {
    const SourcePart& part = s.parts[p];
    const float* x = part.data + image * s.pixels() * part.channels;
    for (int64_t c = 0; c < part.channels; c += kWidth) {
      const int lanes = lanes_at(part.channels, c);
      const int64_t channel = first + c;
      const Vec mean = load(norm.mean + channel), scale = load(norm.scale + channel), beta = load(norm.beta + channel);
      for (int64_t h = 0; h < s.height; h++) {
        const float* from = x + h * s.width * part.channels + c;
        float* to = plane.at(channel / kWidth, h, 0);
        for (int64_t w = 0; w < s.width; w++) {
          Vec v = load_some(from + w * part.channels, lanes);
          if constexpr (NORMALISED) v = fma(v - mean, scale, beta);
          store(to + w * kWidth, relu(v));
        }
      }
    }
    first += part.channels;
  }
}
