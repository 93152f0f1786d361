// Recursion: the Ackermann-Peter function, deep and mostly in tail position.
#include "bench.h"

static NOINLINE uint32_t ackermann(uint32_t m, uint32_t n) {
    if (m == 0) return n + 1;
    if (n == 0) return ackermann(m - 1, 1);
    return ackermann(m - 1, ackermann(m, n - 1));
}

static void setup(void) {}

static uint64_t run_round(uint32_t round) { return ackermann(3, 6 + (round & 3)); }

BENCH_MAIN("ackermann", 200)
