// Recursion: Fibonacci numbers by the definition, two calls each.
#include "bench.h"

static NOINLINE uint32_t fib(uint32_t n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static void setup(void) {}

static uint64_t run_round(uint32_t round) { return fib(30 + (round & 1)); }

BENCH_MAIN("fib", 170)
