// SIMD: 128-bit vectors written as such: a dot product, a pixel blend, a comparison count.
#include "bench.h"

typedef float floats __attribute__((vector_size(16)));
typedef int32_t ints __attribute__((vector_size(16)));
typedef uint8_t bytes __attribute__((vector_size(16)));
typedef uint16_t shorts __attribute__((vector_size(16)));

enum { VECTORS = 4096 };

static floats x[VECTORS], y[VECTORS];
static ints keys[VECTORS];
static bytes over[VECTORS], under[VECTORS];
static shorts wide[VECTORS];

static void setup(void) {
    uint64_t state = 13;
    for (int i = 0; i < VECTORS; i++) {
        for (int k = 0; k < 4; k++) {
            x[i][k] = (float)random_unit(&state);
            y[i][k] = (float)random_unit(&state) - 0.5f;
            keys[i][k] = (int32_t)random_next(&state);
        }
        for (int k = 0; k < 16; k++) {
            over[i][k] = (uint8_t)random_next(&state);
            under[i][k] = (uint8_t)random_next(&state);
        }
        for (int k = 0; k < 8; k++) wide[i][k] = (uint16_t)random_next(&state);
    }
}

static NOINLINE float dot(void) {
    floats a = {0}, b = {0};
    for (int i = 0; i < VECTORS; i += 2) {
        a += x[i] * y[i];
        b += x[i + 1] * y[i + 1];
    }
    a += b;
    return (a[0] + a[1]) + (a[2] + a[3]);
}

static NOINLINE void axpy(float factor) {
    floats all = {factor, factor, factor, factor};
    for (int i = 0; i < VECTORS; i++) y[i] = y[i] * 0.5f + x[i] * all;
}

static NOINLINE uint32_t count_less(int32_t bound) {
    ints limit = {bound, bound, bound, bound}, count = {0};
    for (int i = 0; i < VECTORS; i++) count -= keys[i] < limit;
    return (uint32_t)(count[0] + count[1] + count[2] + count[3]);
}

static NOINLINE void blend(void) {
    for (int i = 0; i < VECTORS; i++) {
        bytes common = over[i] & under[i];
        under[i] = common + ((over[i] ^ under[i]) >> 1) + 1;
    }
}

static NOINLINE void scale(uint16_t factor) {
    for (int i = 0; i < VECTORS; i++) wide[i] = (wide[i] >> 3) * factor + (wide[i] << 5 ^ wide[i]);
}

static uint64_t run_round(uint32_t round) {
    axpy(0.001f * (float)(round % 100));
    blend();
    scale((uint16_t)(round | 1));
    uint64_t sum = digest_double(0, (double)dot());
    sum = digest(sum, count_less((int32_t)(round * 0x9e3779b9u)));
    return digest(sum, (uint64_t)under[round % VECTORS][3] << 16 | wide[round % VECTORS][5]);
}

BENCH_MAIN("vector", 51000)
