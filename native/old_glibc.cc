// Lets an addon that was compiled on a new Linux load on an old one. libstdc++'s shared_ptr asks glibc 2.32's
// `__libc_single_threaded` whether it may count without atomics; that is the only thing we would need of a glibc newer
// than libtorch itself does. Our own answer is no: libtorch has threads.
#if defined(__linux__)
extern "C" {
__attribute__((visibility("hidden"))) char __libc_single_threaded = 0;
}
#endif
