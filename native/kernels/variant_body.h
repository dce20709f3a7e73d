// The common body of variant_avx512.cc, variant_avx2.cc and variant_portable.cc: all kernels and their table. Each of them includes this
// inside its own namespace, after choosing its instruction set, so this may include kernel headers only.
#include "vec.h"

// What they share.
#include "arena.h"
#include "plane.h"
#include "depthwise.h"
#include "pointwise.h"
#include "winograd.h"

// One line per table: its kernels.
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
