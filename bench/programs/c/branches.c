// Branches that no predictor knows: binary searches, a three-way walk, a classification of bytes.
#include "bench.h"

enum { KEYS = 4096, BYTES = 16384 };

static uint32_t keys[KEYS];
static uint8_t noise[BYTES];

static void setup(void) {
    uint64_t state = 14;
    uint32_t key = 0;
    for (int i = 0; i < KEYS; i++) keys[i] = key += 1 + random_below(&state, 1000);
    for (int i = 0; i < BYTES; i++) noise[i] = (uint8_t)random_next(&state);
}

static NOINLINE int32_t find(uint32_t key) {
    int32_t low = 0, high = KEYS - 1;
    while (low <= high) {
        int32_t middle = (low + high) / 2;
        if (keys[middle] == key) return middle;
        if (keys[middle] < key) low = middle + 1;
        else high = middle - 1;
    }
    return ~low;
}

static NOINLINE uint32_t classify(const uint8_t *at) {
    uint32_t letters = 0, digits = 0, others = 0, runs = 0, in_word = 0;
    for (int i = 0; i < BYTES; i++) {
        uint8_t c = at[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
            letters++;
            if (!in_word) runs++;
            in_word = 1;
        } else if (c >= '0' && c <= '9') {
            digits += c - '0';
        } else {
            if (c & 0x80) others += in_word ? 3 : 1;
            in_word = 0;
        }
    }
    return letters ^ digits << 8 ^ others << 16 ^ runs << 4;
}

static NOINLINE uint32_t walk(uint32_t x) {
    uint32_t steps = 0;
    for (int i = 0; i < 20000; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        if ((x & 7) < 3) steps += x >> 28;
        else if (x & 0x100) steps ^= i;
        else steps -= 7;
    }
    return steps;
}

static uint64_t run_round(uint32_t round) {
    uint64_t state = round, sum = 0;
    for (int i = 0; i < 4000; i++) sum += (uint64_t)find(random_below(&state, keys[KEYS - 1]));
    noise[round % BYTES] += 17;
    return digest(digest(sum, classify(noise)), walk(round + 1));
}

BENCH_MAIN("branches", 1400)
