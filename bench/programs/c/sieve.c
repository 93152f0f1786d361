// Integers and bytes: the sieve of Eratosthenes, plain and by segments of bits.
#include "bench.h"

enum { LIMIT = 1 << 21 };

static uint8_t composite[LIMIT];
static uint32_t bits[LIMIT / 64];

static void setup(void) {}

static NOINLINE uint32_t count_bytes(uint32_t limit) {
    memset(composite, 0, limit);
    uint32_t count = 0;
    for (uint32_t n = 2; n < limit; n++) {
        if (composite[n]) continue;
        count++;
        for (uint64_t multiple = (uint64_t)n * n; multiple < limit; multiple += n)
            composite[multiple] = 1;
    }
    return count;
}

// One bit for each odd number.
static NOINLINE uint32_t count_bits(uint32_t limit) {
    memset(bits, 0, sizeof bits);
    uint32_t count = 1;
    for (uint32_t i = 1; 2 * i + 1 < limit; i++) {
        if (bits[i >> 5] >> (i & 31) & 1) continue;
        count++;
        uint32_t n = 2 * i + 1;
        if (n >= 65536) continue;
        for (uint32_t j = (n * n) >> 1; 2 * j + 1 < limit; j += n) bits[j >> 5] |= 1u << (j & 31);
    }
    return count;
}

static uint64_t run_round(uint32_t round) {
    uint32_t limit = LIMIT - round * 1000;
    uint32_t one = count_bytes(limit), other = count_bits(limit);
    if (one != other) abort();
    return one;
}

BENCH_MAIN("sieve", 51)
