// Calls through tables: function pointers of two signatures, chosen by data.
#include "bench.h"

typedef uint32_t (*unary)(uint32_t);
typedef uint32_t (*binary)(uint32_t, uint32_t);

static NOINLINE uint32_t invert(uint32_t x) { return ~x; }
static NOINLINE uint32_t triple(uint32_t x) { return x * 3; }
static NOINLINE uint32_t halve(uint32_t x) { return x >> 1; }
static NOINLINE uint32_t turn(uint32_t x) { return x << 7 | x >> 25; }
static NOINLINE uint32_t add(uint32_t x, uint32_t y) { return x + y; }
static NOINLINE uint32_t subtract(uint32_t x, uint32_t y) { return x - y; }
static NOINLINE uint32_t exclude(uint32_t x, uint32_t y) { return x ^ y; }
static NOINLINE uint32_t greater(uint32_t x, uint32_t y) { return x > y ? x : y; }

enum { STEPS = 4096 };

static unary unaries[4] = {invert, triple, halve, turn};
static binary binaries[4] = {add, subtract, exclude, greater};
static uint8_t script[STEPS];

static void setup(void) {
    uint64_t state = 12;
    for (int i = 0; i < STEPS; i++) script[i] = (uint8_t)random_next(&state);
}

// The same function many times in a row, as a callback of a library is called.
static NOINLINE uint32_t apply_all(binary function, uint32_t x) {
    for (uint32_t i = 0; i < STEPS; i++) x = function(x, i);
    return x;
}

static NOINLINE uint32_t follow(uint32_t x) {
    uint32_t y = 1;
    for (int i = 0; i < STEPS; i++) {
        uint32_t t = binaries[script[i] & 3](x, y);
        y = unaries[script[i] >> 2 & 3](x);
        x = t;
    }
    return x ^ y;
}

static uint64_t run_round(uint32_t round) {
    uint32_t x = round;
    for (int i = 0; i < 4; i++) {
        x = follow(x);
        x = apply_all(binaries[(round + (uint32_t)i) & 3], x);
    }
    script[round % STEPS] ^= (uint8_t)x;
    return x;
}

BENCH_MAIN("dispatch", 2400)
