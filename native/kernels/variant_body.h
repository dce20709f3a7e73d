// What variant_avx512.cc, variant_avx2.cc and variant_portable.cc have in common: all kernels and the table of them. Each of them includes
// this inside its own namespace, after it has told the compiler its instruction set, so nothing here may include a header of another kind.
#include "vec.h"

// What they share.
#include "arena.h"
#include "plane.h"
#include "depthwise.h"
#include "pointwise.h"

// One line a table: its kernels.
#include "channel_sums.h"
#include "pools_rows.h"
#include "read_source.kernels.h"
#include "node_sum.kernels.h"

const Variant table = {
    TAILNAS_NAME,
    // In the order of Variant.
    read_source_kernels,
    node_sum_kernels,
};
