// What variant_avx512.cc, variant_avx2.cc and variant_portable.cc have in common: all kernels and the table of them. Each of them includes
// this inside its own namespace, after it has told the compiler its instruction set, so nothing here may include a header of another kind.
#include "vec.h"

// One line an op group: its kernels.
#include "sep_half.kernels.h"
#include "channel_stats.kernels.h"
#include "node_sum.kernels.h"
#include "pools.kernels.h"

const Variant table = {
    TAILNAS_NAME,
    // One line an op group, in the order of Variant.
    sep_half_kernels,
    channel_stats_kernels,
    node_sum_kernels,
    pool_kernels,
};
