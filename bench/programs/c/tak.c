// Recursion: Takeuchi's function, four calls with three arguments each.
#include "bench.h"

static NOINLINE int32_t tak(int32_t x, int32_t y, int32_t z) {
    if (y >= x) return z;
    return tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y));
}

static void setup(void) {}

static uint64_t run_round(uint32_t round) { return (uint64_t)tak(18, 12, 6 - (int32_t)(round % 3)); }

BENCH_MAIN("tak", 880)
