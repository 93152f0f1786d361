// Hashing: CRC-32 by one table lookup a byte, then by eight tables and eight bytes a step.
#include "bench.h"

enum { BYTES = 1 << 18 };

static uint32_t tables[8][256];
static uint8_t buffer[BYTES];

static uint32_t by_byte(uint32_t crc, const uint8_t *data, uint32_t length) {
    while (length--) crc = tables[0][(crc ^ *data++) & 255] ^ crc >> 8;
    return crc;
}

static uint32_t by_eight(uint32_t crc, const uint8_t *data, uint32_t length) {
    for (; length >= 8; length -= 8, data += 8) {
        uint32_t low, high;
        memcpy(&low, data, 4);
        memcpy(&high, data + 4, 4);
        low ^= crc;
        crc = tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^ tables[5][low >> 16 & 255] ^
              tables[4][low >> 24] ^ tables[3][high & 255] ^ tables[2][high >> 8 & 255] ^
              tables[1][high >> 16 & 255] ^ tables[0][high >> 24];
    }
    return by_byte(crc, data, length);
}

static void setup(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
        tables[0][i] = crc;
    }
    for (int t = 1; t < 8; t++)
        for (int i = 0; i < 256; i++)
            tables[t][i] = tables[0][tables[t - 1][i] & 255] ^ tables[t - 1][i] >> 8;
    uint64_t state = 3;
    for (int i = 0; i < BYTES; i++) buffer[i] = (uint8_t)random_next(&state);
}

static uint64_t run_round(uint32_t round) {
    buffer[round % BYTES] ^= 1;
    uint32_t one = ~by_byte(~0u, buffer, BYTES), eight = ~by_eight(~0u, buffer, BYTES);
    if (one != eight) abort();
    return one;
}

BENCH_MAIN("crc32", 800)
