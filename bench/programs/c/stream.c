// Memory streaming: sum, scale, triad, copy and fill over arrays larger than a core's cache.
#include "bench.h"

enum { WORDS = 1 << 20 };

static uint64_t words[WORDS], copies[WORDS];
static double a[WORDS], b[WORDS], c[WORDS];

static void setup(void) {
    uint64_t state = 5;
    for (int i = 0; i < WORDS; i++) {
        words[i] = random_next(&state);
        a[i] = random_unit(&state);
        b[i] = random_unit(&state);
    }
}

static NOINLINE uint64_t sum(const uint64_t *from) {
    uint64_t total = 0;
    for (int i = 0; i < WORDS; i++) total += from[i];
    return total;
}

static NOINLINE void scale(uint64_t *to, const uint64_t *from, uint64_t factor) {
    for (int i = 0; i < WORDS; i++) to[i] = (from[i] << 1) ^ factor;
}

static NOINLINE void triad(double *to, const double *x, const double *y, double factor) {
    for (int i = 0; i < WORDS; i++) to[i] = x[i] + factor * y[i];
}

static uint64_t run_round(uint32_t round) {
    memcpy(copies, words, sizeof words);
    uint64_t total = sum(copies);
    scale(words, copies, round);
    memset(copies + round % 1000, (int)round, sizeof copies / 2);
    triad(c, a, b, 0.25 * round);
    return digest_double(digest(total, sum(copies)), c[round % WORDS]);
}

BENCH_MAIN("stream", 120)
