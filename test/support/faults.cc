// Makes file operations below FAULT_DIR fail: preloaded into a process by LD_PRELOAD (test/support/faults.ts builds it).
//   FAULT_AT    the how-manieth operation, from 1; 0 for none
//   FAULT_KIND  kill: the process ends before it
//               torn: it is done, a write half, then the process ends
//               full: from it on, whatever takes room fails with ENOSPC
//               EIO, EACCES: it alone fails so
//   FAULT_COUNT a file that gets the number of operations when the process ends
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string>

namespace {

std::string setting(const char* name) {
  const char* value = getenv(name);
  return value ? value : "";
}

struct Plan {
  std::string folder = setting("FAULT_DIR"), kind = setting("FAULT_KIND"), count = setting("FAULT_COUNT");
  long at = atol(setting("FAULT_AT").c_str());
  std::atomic<long> done{0};

  ~Plan() {
    if (count.empty()) return;
    if (FILE* file = fopen(count.c_str(), "w")) {
      fprintf(file, "%ld", done.load());
      fclose(file);
    }
  }
};

Plan& plan() {
  static Plan one;
  return one;
}

template <typename F>
F next(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

bool inside(const std::string& path) {
  const std::string& folder = plan().folder;
  return !folder.empty() && path.compare(0, folder.size(), folder) == 0;
}

bool inside(int descriptor) {
  char path[PATH_MAX];
  ssize_t n = readlink(("/proc/self/fd/" + std::to_string(descriptor)).c_str(), path, sizeof path);
  return n > 0 && inside(std::string(path, n));
}

[[noreturn]] void end() {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

enum class Room { takes, leaves };

/// What is to happen to the operation that comes now: 0 nothing, else its errno; `torn` where it is the last.
int fault(Room room, bool& torn) {
  Plan& p = plan();
  const long now = ++p.done;
  torn = false;
  if (p.at == 0 || now < p.at) return 0;
  if (p.kind == "full") return room == Room::takes ? ENOSPC : 0;
  if (now > p.at) return 0;
  if (p.kind == "kill") end();
  torn = p.kind == "torn";
  return p.kind == "EIO" ? EIO : p.kind == "EACCES" ? EACCES : 0;
}

/// Does `work` unless the operation is to fail; `half` is what is done of it in a torn one.
template <typename Work, typename Half>
auto operation(bool counts, Room room, Work work, Half half) -> decltype(work()) {
  bool torn = false;
  const int error = counts ? fault(room, torn) : 0;
  if (error != 0) {
    errno = error;
    return -1;
  }
  if (torn) {
    half();
    end();
  }
  return work();
}

template <typename Work>
auto operation(bool counts, Room room, Work work) -> decltype(work()) {
  return operation(counts, room, work, work);
}

int opened(const char* name, const char* path, int flags, mode_t mode) {
  auto real = next<int (*)(const char*, int, ...)>(name);
  const Room room = flags & O_CREAT ? Room::takes : Room::leaves;
  return operation(inside(std::string(path)), room, [&] { return real(path, flags, mode); });
}

ssize_t written(const char* name, int fd, const void* bytes, size_t n) {
  auto real = next<ssize_t (*)(int, const void*, size_t)>(name);
  return operation(fd > 2 && inside(fd), Room::takes, [&] { return real(fd, bytes, n); }, [&] { real(fd, bytes, n / 2); });
}

ssize_t written_at(const char* name, int fd, const void* bytes, size_t n, off_t at) {
  auto real = next<ssize_t (*)(int, const void*, size_t, off_t)>(name);
  return operation(fd > 2 && inside(fd), Room::takes, [&] { return real(fd, bytes, n, at); },
                   [&] { real(fd, bytes, n / 2, at); });
}

}  // namespace

#define MODE(flags)                   \
  mode_t mode = 0;                    \
  if ((flags) & O_CREAT) {            \
    va_list more;                     \
    va_start(more, flags);            \
    mode = va_arg(more, unsigned);    \
    va_end(more);                     \
  }

extern "C" {

int open(const char* path, int flags, ...) {
  MODE(flags)
  return opened("open", path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  MODE(flags)
  return opened("open64", path, flags, mode);
}
ssize_t write(int fd, const void* bytes, size_t n) { return written("write", fd, bytes, n); }
ssize_t pwrite(int fd, const void* bytes, size_t n, off_t at) { return written_at("pwrite", fd, bytes, n, at); }
ssize_t pwrite64(int fd, const void* bytes, size_t n, off_t at) { return written_at("pwrite64", fd, bytes, n, at); }
ssize_t read(int fd, void* bytes, size_t n) {
  auto real = next<ssize_t (*)(int, void*, size_t)>("read");
  return operation(fd > 2 && inside(fd), Room::leaves, [&] { return real(fd, bytes, n); });
}
int fsync(int fd) {
  auto real = next<int (*)(int)>("fsync");
  return operation(inside(fd), Room::takes, [&] { return real(fd); });
}
int ftruncate64(int fd, off_t length) {
  auto real = next<int (*)(int, off_t)>("ftruncate64");
  return operation(inside(fd), Room::leaves, [&] { return real(fd, length); });
}
int rename(const char* from, const char* to) {
  auto real = next<int (*)(const char*, const char*)>("rename");
  return operation(inside(std::string(to)), Room::takes, [&] { return real(from, to); });
}
int unlink(const char* path) {
  auto real = next<int (*)(const char*)>("unlink");
  return operation(inside(std::string(path)), Room::leaves, [&] { return real(path); });
}
int mkdir(const char* path, mode_t mode) {
  auto real = next<int (*)(const char*, mode_t)>("mkdir");
  return operation(inside(std::string(path)), Room::takes, [&] { return real(path, mode); });
}

}  // extern "C"

// Constructed before anything is counted, so that it is destroyed after.
__attribute__((constructor)) static void begin() { plan(); }
