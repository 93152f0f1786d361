// Hashing: SHA-256 (FIPS 180-4) over a buffer; rotations and additions with many live values.
#include "bench.h"

enum { BYTES = 1 << 20 };

static uint32_t constants[64];
static uint8_t buffer[BYTES];

// The first 32 bits of the fraction of the cube root of `prime`.
static uint32_t cube_root_fraction(uint32_t prime) {
    uint64_t low = 0, high = (uint64_t)8 << 32;
    while (high - low > 1) {
        uint64_t middle = (low + high) / 2;
        unsigned __int128 cube = (unsigned __int128)middle * middle * middle;
        if (cube <= (unsigned __int128)prime << 96) low = middle;
        else high = middle;
    }
    return (uint32_t)low;
}

static inline uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

static NOINLINE void compress(uint32_t state[8], const uint8_t *block) {
    uint32_t w[64];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t x = w[i - 15], y = w[i - 2];
        w[i] = w[i - 16] + (rotate(x, 7) ^ rotate(x, 18) ^ x >> 3) + w[i - 7] +
               (rotate(y, 17) ^ rotate(y, 19) ^ y >> 10);
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 64; i++) {
        uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
        uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + constants[i] + w[i];
        uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
        uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g; g = f; f = e; e = d + t1;
        d = c; c = b; b = a; a = t1 + t2;
    }
    state[0] += a; state[1] += b; state[2] += c; state[3] += d;
    state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

static void sha256(const uint8_t *data, uint32_t length, uint32_t state[8]) {
    static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(state, initial, sizeof initial);
    uint32_t offset = 0;
    for (; offset + 64 <= length; offset += 64) compress(state, data + offset);
    uint8_t tail[128] = {0};
    uint32_t rest = length - offset, padded = rest < 56 ? 64 : 128;
    memcpy(tail, data + offset, rest);
    tail[rest] = 0x80;
    uint64_t bits = (uint64_t)length * 8;
    for (int i = 0; i < 8; i++) tail[padded - 1 - i] = (uint8_t)(bits >> (8 * i));
    for (uint32_t at = 0; at < padded; at += 64) compress(state, tail + at);
}

static void setup(void) {
    int found = 0;
    for (uint32_t n = 2; found < 64; n++) {
        int prime = 1;
        for (uint32_t d = 2; d * d <= n; d++) prime &= n % d != 0;
        if (prime) constants[found++] = cube_root_fraction(n);
    }
    uint32_t state[8];
    sha256((const uint8_t *)"abc", 3, state);
    if (state[0] != 0xba7816bf || state[7] != 0xf20015ad) abort();
    uint64_t seed = 2;
    for (int i = 0; i < BYTES; i++) buffer[i] = (uint8_t)random_next(&seed);
}

static uint64_t run_round(uint32_t round) {
    uint32_t state[8];
    sha256(buffer, BYTES - round, state);
    memcpy(buffer, state, sizeof state);
    return (uint64_t)state[0] << 32 | state[7];
}

BENCH_MAIN("sha256", 110)
