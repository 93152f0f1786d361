// Backtracking: all placements of queens on a board, by bit masks.
#include "bench.h"

static void setup(void) {}

static NOINLINE uint32_t place(uint32_t all, uint32_t columns, uint32_t left, uint32_t right) {
    if (columns == all) return 1;
    uint32_t count = 0;
    uint32_t free = all & ~(columns | left | right);
    while (free) {
        uint32_t queen = free & -free;
        free ^= queen;
        count += place(all, columns | queen, (left | queen) << 1, (right | queen) >> 1);
    }
    return count;
}

static uint64_t run_round(uint32_t round) {
    uint32_t size = 10 + (round & 1);
    return place((1u << size) - 1, 0, 0, 0);
}

BENCH_MAIN("nqueens", 780)
