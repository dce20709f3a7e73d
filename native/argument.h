// One argument of an operator: what its schema says that it may be, and a value of JavaScript as libtorch's.
#pragma once
#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/stack.h>

#include <optional>
#include <string>
#include <vector>

#include "napi.h"

namespace tailnas {

enum class Kind : char {
  tensor = 'T',
  tensors = 'L',
  integer = 'i',
  integers = 'I',
  real = 'f',
  reals = 'F',
  boolean = 'b',
  booleans = 'B',
  scalar = 's',
  string = 'z',
  dtype = 'd',
  layout = 'l',
  device = 'v',
  memory_format = 'm',
  other = '?',
};

struct Parameter {
  std::string name;
  Kind kind;
  bool optional;           // None is allowed
  bool elements_optional;  // Tensor?[]
  int32_t fixed_length;    // int[2] takes a single number too
  bool ours;               // our own operators look at what they are given
  std::optional<c10::IValue> fallback;
};

Kind kind_of(const c10::Type& type);

/// `ours`: of one of our own operators.
Parameter parameter_of(const c10::Argument& argument, bool ours);

/// One argument as libtorch's value; `p` says what its schema allows. Throws a UsageError that says what it must be.
c10::IValue to_ivalue(napi_env env, napi_value v, const Parameter& p);

/// For operators on each of several lists. Not all look whether these are equally long: throws a UsageError where not.
void require_equal_lists(const std::vector<Parameter>& parameters, const torch::jit::Stack& stack);

}  // namespace tailnas
