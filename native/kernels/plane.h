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

  TAILNAS_INLINE int64_t vector_step() const { return rows * cols * kWidth; }
  TAILNAS_INLINE int64_t row_step() const { return cols * kWidth; }
  TAILNAS_INLINE float* at(int64_t v, int64_t r, int64_t c) const { return data + ((v * rows + r) * cols + c) * kWidth; }
};

inline void clear(float* p, int64_t floats) {
  for (int64_t i = 0; i < floats; i += kWidth) store(p + i, zero());
}

/// For each channel, padded to whole vectors: normalised is (x − mean) · scale + beta with scale = invstd · gamma.
struct NormVectors {
  float *mean, *invstd, *scale, *beta;
};

/// ReLU of rows first … end − 1 of the normalised image into the plane; the image's first pixel is at (frame, frame).
template <bool NORMALISED>
inline void fill_plane(const Plane& plane, int64_t frame, const SepHalfShape& s, const NormVectors& norm, const float* x,
                       int64_t first, int64_t end) {
  for (int64_t h = first; h < end; h++) {
    const float* from = x + h * s.width * s.channels;
    for (int64_t c = 0; c < s.channels; c += kWidth) {
      const int lanes = lanes_at(s.channels, c);
      const Vec mean = load(norm.mean + c), scale = load(norm.scale + c), beta = load(norm.beta + c);
      float* to = plane.at(c / kWidth, h + frame, frame);
      for (int64_t w = 0; w < s.width; w++) {
        Vec v = load_some(from + w * s.channels + c, lanes);
        if constexpr (NORMALISED) v = fma(v - mean, scale, beta);
        store(to + w * kWidth, relu(v));
      }
    }
  }
}
