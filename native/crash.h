#pragma once

namespace tailnas {

/// What libtorch is doing, for the message of a crash. The name is copied: an operator that writes outside its memory
/// may have written over it.
struct InOperator {
  explicit InOperator(const char* name);
  ~InOperator();
};

/// From now on a crash says inside which operator it was, or after which, and what to do where a library gave up for want
/// of memory; then it ends the process as it would have.
void name_crashes();

}  // namespace tailnas
