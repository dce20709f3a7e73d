// The kernels for any processor, in vectors of four floats. What they are is in variant_body.h.
#include <cstdint>

#include "variants.h"

#define TAILNAS_WIDTH 4
#define TAILNAS_NAME "portable"

namespace tailnas::kernels::portable {
#include "variant_body.h"
}  // namespace tailnas::kernels::portable

namespace tailnas::kernels {
const Variant* portable_variant() { return &portable::table; }
}  // namespace tailnas::kernels
