#pragma once

namespace tailnas {

/// The operator that libtorch is in, for the message of a crash; null outside of one.
struct InOperator {
  explicit InOperator(const char* name);
  ~InOperator();
};

/// From now on a crash inside an operator says which one it was, and then ends the process as it would have.
void name_crashes();

}  // namespace tailnas
