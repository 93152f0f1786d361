// Hashing: four 64-bit lanes of multiply and rotate over a buffer, as the fast hashes do it.
#include "bench.h"

enum { BYTES = 1 << 20 };

static uint8_t buffer[BYTES];

static inline uint64_t rotate(uint64_t x, int n) { return x << n | x >> (64 - n); }

static inline uint64_t read64(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, 8);
    return value;
}

static inline uint64_t step(uint64_t lane, uint64_t word) {
    return rotate(lane + word * 0xc2b2ae3d27d4eb4fu, 31) * 0x9e3779b185ebca87u;
}

static NOINLINE uint64_t hash(const uint8_t *data, uint32_t length, uint64_t seed) {
    uint64_t a = seed + 1, b = seed + 2, c = seed + 3, d = seed - 1;
    uint32_t at = 0;
    for (; at + 32 <= length; at += 32) {
        a = step(a, read64(data + at));
        b = step(b, read64(data + at + 8));
        c = step(c, read64(data + at + 16));
        d = step(d, read64(data + at + 24));
    }
    uint64_t sum = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18) + length;
    for (; at + 8 <= length; at += 8) sum = rotate(sum ^ step(0, read64(data + at)), 27) * 5 + 9;
    for (; at < length; at++) sum = rotate(sum ^ data[at] * 0x27d4eb2f165667c5u, 11) * 7;
    sum = (sum ^ sum >> 33) * 0xc2b2ae3d27d4eb4fu;
    return sum ^ sum >> 29;
}

static void setup(void) {
    uint64_t state = 4;
    for (int i = 0; i < BYTES; i++) buffer[i] = (uint8_t)random_next(&state);
}

static uint64_t run_round(uint32_t round) {
    uint64_t sum = hash(buffer, BYTES - round % 64, round);
    for (uint32_t at = 0; at + 24 < 1 << 16; at += 24) sum ^= hash(buffer + at, 3 + at % 21, sum);
    return sum;
}

BENCH_MAIN("lanehash", 5400)
