// Splits work into groups of nearly equal size, where halving the largest (in_tiles) would leave small groups.
#pragma once

/// Calls f<size>(), 1 <= size <= MOST.
template <int MOST, typename F>
inline void with_size(int64_t size, const F& f) {
  if (size == MOST) return f.template operator()<MOST>();
  if constexpr (MOST > 1) with_size<MOST - 1>(size, f);
}

/// Calls f<size>(first) for groups of nearly equal size of n things: 25 as 9 + 8 + 8 where MOST is 9.
template <int MOST, typename F>
inline void in_groups(int64_t n, const F& f) {
  const int64_t groups = (n + MOST - 1) / MOST;
  if (groups == 0) return;
  const int64_t size = n / groups, larger = n % groups;  // the first groups have one more
  for (int64_t group = 0, first = 0; group < groups; group++) {
    const int64_t its = size + (group < larger);
    with_size<MOST>(its, [&]<int SIZE>() { f.template operator()<SIZE>(first); });
    first += its;
  }
}
