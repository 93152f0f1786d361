// Compression: LZ77 with hash chains, byte-aligned tokens, and its decompressor.
#include "bench.h"

enum { BYTES = 1 << 18, HASHES = 1 << 14, WINDOW = 1 << 15, SHORTEST = 4, CHAIN = 16 };

static uint8_t plain[BYTES], packed[BYTES + BYTES / 8], unpacked[BYTES];
static int32_t heads[HASHES], previous[WINDOW];

static void setup(void) {
    static const char *const words[] = {"memory", "table", "the ", "of ", "function ", "value", "a ",
                                        "block ", "\n", "import ", "export ", "limits", ", ", "data "};
    uint64_t state = 11;
    uint32_t at = 0;
    while (at < BYTES) {
        const char *word = words[random_below(&state, 14)];
        while (*word && at < BYTES) plain[at++] = (uint8_t)*word++;
        if (random_below(&state, 5) == 0 && at < BYTES) plain[at++] = (uint8_t)random_next(&state);
    }
}

static inline uint32_t hash(const uint8_t *at) {
    uint32_t word;
    memcpy(&word, at, 4);
    return word * 2654435761u >> 18;
}

static inline int32_t match_length(const uint8_t *a, const uint8_t *b, int32_t most) {
    int32_t n = 0;
    while (n < most && a[n] == b[n]) n++;
    return n;
}

// A token is a count of literals, the literals, then a length and a 16-bit distance.
static NOINLINE uint32_t compress(const uint8_t *in, int32_t count, uint8_t *out) {
    memset(heads, 0xff, sizeof heads);
    uint8_t *to = out;
    int32_t at = 0, literals = 0;
    while (at < count) {
        int32_t best = 0, distance = 0;
        if (at + SHORTEST <= count) {
            uint32_t h = hash(in + at);
            int32_t candidate = heads[h];
            int32_t most = count - at < 255 ? count - at : 255;
            for (int tries = 0; tries < CHAIN && candidate >= 0 && at - candidate < WINDOW; tries++) {
                int32_t n = match_length(in + candidate, in + at, most);
                if (n > best) {
                    best = n;
                    distance = at - candidate;
                }
                candidate = previous[candidate & (WINDOW - 1)];
            }
        }
        int32_t end = best >= SHORTEST ? at + best : at + 1;
        for (int32_t i = at; i < end && i + SHORTEST <= count; i++) {
            uint32_t h = hash(in + i);
            previous[i & (WINDOW - 1)] = heads[h];
            heads[h] = i;
        }
        if (best < SHORTEST && ++literals < 255 && end < count) {
            at = end;
            continue;
        }
        int32_t first = best >= SHORTEST ? at - literals : end - literals;
        *to++ = (uint8_t)literals;
        memcpy(to, in + first, (size_t)literals);
        to += literals;
        *to++ = (uint8_t)(best >= SHORTEST ? best : 0);
        *to++ = (uint8_t)distance;
        *to++ = (uint8_t)(distance >> 8);
        literals = 0;
        at = end;
    }
    return (uint32_t)(to - out);
}

static NOINLINE uint32_t decompress(const uint8_t *in, uint32_t count, uint8_t *out) {
    const uint8_t *end = in + count;
    uint8_t *to = out;
    while (in < end) {
        uint32_t literals = *in++;
        memcpy(to, in, literals);
        to += literals;
        in += literals;
        uint32_t length = in[0], distance = in[1] | (uint32_t)in[2] << 8;
        in += 3;
        const uint8_t *from = to - distance;
        while (length--) *to++ = *from++;
    }
    return (uint32_t)(to - out);
}

static uint64_t run_round(uint32_t round) {
    plain[(round * 7919) % BYTES] = (uint8_t)round;
    uint32_t size = compress(plain, BYTES, packed);
    for (int i = 0; i < 4; i++)
        if (decompress(packed, size, unpacked) != BYTES) abort();
    if (memcmp(plain, unpacked, BYTES) != 0) abort();
    return digest(size, packed[size / 2]);
}

BENCH_MAIN("lz", 95)
