// The kernels for this processor: one table of functions per instruction set.
#pragma once

#include "exact_memory.h"  // for arena.h

// Plain structs, and the table of functions of each op. Includes no torch header.
#include "node_sum.h"
#include "pools.h"
#include "read_source.h"

namespace tailnas::kernels {

struct Variant {
  const char* name;
  // In the order of variant_body.h.
  ReadSourceKernels read_source;
  NodeSumKernels node_sum;
};

/// The fastest that runs here, or the one that the environment variable TAILNAS_KERNELS names; chosen at the first call.
const Variant& variant();

/// The same for a number of channels. Where half of AVX-512's registers would be empty, AVX2 does the same work with less overhead.
const Variant& variant(int64_t channels);

/// Null if this program was not built for such processors.
const Variant* avx512_variant();
const Variant* avx2_variant();
const Variant* portable_variant();

}  // namespace tailnas::kernels
