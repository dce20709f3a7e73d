// The kernels in the form that suits this processor: one table of functions for each instruction set.
#pragma once

#include "exact_memory.h"  // for arena.h

// One line an op group: its plain structs and the table of its functions. No torch header comes in here.
#include "sep_half.h"
#include "channel_stats.h"
#include "node_sum.h"
#include "pools.h"

namespace tailnas::kernels {

struct Variant {
  const char* name;
  // One line an op group, in the order of variant_body.h.
  SepHalfKernels sep_half;
  ChannelStatsKernels channel_stats;
  NodeSumKernels node_sum;
  PoolKernels pools;
};

/// The fastest that runs here, or the one that the environment variable TAILNAS_KERNELS names; chosen at the first call.
const Variant& variant();

/// Null where this program was not built for a processor that could have it.
const Variant* avx512_variant();
const Variant* avx2_variant();
const Variant* portable_variant();

}  // namespace tailnas::kernels
