// The kernels of sep_half.h. See vec.h for what a kernel header may do.
#pragma once

#include "arena.h"
#include "plane.h"
#include "depthwise.h"
#include "pointwise.h"
#include "sep_half_pack.h"
#include "sep_half_forward.h"
#include "sep_half_backward.h"

constexpr SepHalfKernels sep_half_kernels = {
    kWidth,         sep_half::packed_floats, sep_half::forward_scratch, sep_half::backward_scratch,
    sep_half::pack, sep_half::forward,       sep_half::backward,        sep_half::correct,
};
