// The few Node-API calls that the rest needs, with errors as C++ exceptions: a callback either returns or throws, and `guarded` turns
// what it throws into a JavaScript error. No JavaScript value outlives the callback that made it.
#pragma once
#define NAPI_VERSION 8
#include <node_api.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace tailnas {

/// A mistake of the caller: its message is complete and is shown as it is.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A JavaScript exception is already pending: unwind without raising another.
struct PendingException {};

inline void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) throw PendingException{};
  const napi_extended_error_info* info = nullptr;
  napi_get_last_error_info(env, &info);
  throw UsageError(info && info->error_message ? info->error_message : "Node-API call failed");
}

constexpr size_t kMaxArgs = 32;

/// The arguments of one callback. `count` says how many were given; of more than kMaxArgs only the first can be read.
struct Args {
  napi_env env;
  size_t count = kMaxArgs;
  napi_value values[kMaxArgs];

  Args(napi_env e, napi_callback_info info) : env(e) {
    check(env, napi_get_cb_info(env, info, &count, values, nullptr, nullptr));
  }
  napi_value operator[](size_t i) const {
    if (i >= count || i >= kMaxArgs) throw UsageError("argument " + std::to_string(i) + " is missing");
    return values[i];
  }
};

inline napi_valuetype type_of(napi_env env, napi_value v) {
  napi_valuetype t;
  check(env, napi_typeof(env, v, &t));
  return t;
}

/// What a value is, for messages: `an array`, `a string`.
inline std::string js_type(napi_env env, napi_value v) {
  bool is_array = false;
  napi_is_array(env, v, &is_array);
  if (is_array) return "an array";
  switch (type_of(env, v)) {
    case napi_undefined: return "undefined";
    case napi_null: return "null";
    case napi_boolean: return "a boolean";
    case napi_number: return "a number";
    case napi_string: return "a string";
    case napi_function: return "a function";
    case napi_bigint: return "a bigint";
    default: return "an object";
  }
}

inline bool is_nullish(napi_env env, napi_value v) {
  const auto t = type_of(env, v);
  return t == napi_undefined || t == napi_null;
}

inline double get_double(napi_env env, napi_value v) {
  double d;
  if (napi_get_value_double(env, v, &d) != napi_ok) throw UsageError("must be a number");
  return d;
}

/// A whole number that a double holds exactly; anything else would be rounded in silence.
inline int64_t get_int(napi_env env, napi_value v) {
  const double d = get_double(env, v);
  if (!(d >= -9007199254740991.0 && d <= 9007199254740991.0) || d != static_cast<double>(static_cast<int64_t>(d)))
    throw UsageError("must be a whole number within 2^53, got " + std::to_string(d));
  return static_cast<int64_t>(d);
}

inline bool get_bool(napi_env env, napi_value v) {
  bool b;
  if (napi_get_value_bool(env, v, &b) != napi_ok) throw UsageError("must be true or false");
  return b;
}

inline std::string get_string(napi_env env, napi_value v) {
  size_t n = 0;
  if (napi_get_value_string_utf8(env, v, nullptr, 0, &n) != napi_ok) throw UsageError("must be a string");
  std::string s(n, '\0');
  check(env, napi_get_value_string_utf8(env, v, s.data(), n + 1, &n));
  return s;
}

template <class T, class Get>
std::vector<T> get_vector(napi_env env, napi_value v, Get get) {
  uint32_t n = 0;
  if (napi_get_array_length(env, v, &n) != napi_ok) throw UsageError("must be an array");
  std::vector<T> out;
  out.reserve(n);
  for (uint32_t i = 0; i < n; i++) {
    napi_value e;
    check(env, napi_get_element(env, v, i, &e));
    out.push_back(get(env, e));
  }
  return out;
}

inline napi_value make(napi_env env, double d) {
  napi_value v;
  check(env, napi_create_double(env, d, &v));
  return v;
}
inline napi_value make(napi_env env, bool b) {
  napi_value v;
  check(env, napi_get_boolean(env, b, &v));
  return v;
}
inline napi_value make(napi_env env, const std::string& s) {
  napi_value v;
  check(env, napi_create_string_utf8(env, s.data(), s.size(), &v));
  return v;
}
inline napi_value make_undefined(napi_env env) {
  napi_value v;
  check(env, napi_get_undefined(env, &v));
  return v;
}
template <class Items, class Make>
napi_value make_array(napi_env env, const Items& items, Make element) {
  napi_value out;
  check(env, napi_create_array_with_length(env, items.size(), &out));
  uint32_t i = 0;
  for (const auto& item : items) check(env, napi_set_element(env, out, i++, element(item)));
  return out;
}

/// The message of a failure in libtorch: its first line, never the C++ backtrace.
std::string first_line(const std::exception& error);

/// Runs `body`, turning every C++ exception into a JavaScript error that starts with `action`.
template <class Body>
napi_value guarded(napi_env env, const char* action, Body body) {
  try {
    return body();
  } catch (const PendingException&) {
  } catch (const UsageError& e) {
    napi_throw_type_error(env, nullptr, (std::string(action) + ": " + e.what()).c_str());
  } catch (const std::exception& e) {
    napi_throw_error(env, nullptr, (std::string(action) + ": " + first_line(e)).c_str());
  } catch (...) {
    napi_throw_error(env, nullptr, (std::string(action) + ": unknown failure in libtorch").c_str());
  }
  return nullptr;
}

/// One exported function: its JavaScript name and what it runs.
struct Export {
  const char* name;
  napi_callback callback;
};

}  // namespace tailnas
