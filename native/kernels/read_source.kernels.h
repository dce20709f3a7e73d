// The kernels of read_source.h. See vec.h for what a kernel header may do.
#pragma once

#include "read_source_pack.h"
#include "read_source_forward.h"
#include "read_source_scratch.h"
#include "read_source_backward.h"

constexpr ReadSourceKernels read_source_kernels = {
    kWidth,
    read_source::packed_floats,
    read_source::forward_scratch,
    read_source::backward_scratch,
    read_source::pack,
    read_source::forward,
    read_source::backward,
};
