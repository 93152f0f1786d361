// Bytes and neighbours: the game of life on a torus.
#include "bench.h"

enum { WIDTH = 256, HEIGHT = 256 };

static uint8_t cells[HEIGHT][WIDTH], next[HEIGHT][WIDTH];

static void setup(void) {
    uint64_t state = 15;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) cells[y][x] = random_below(&state, 3) == 0;
}

static void generation(void) {
    for (int y = 0; y < HEIGHT; y++) {
        const uint8_t *above = cells[(y + HEIGHT - 1) % HEIGHT], *row = cells[y];
        const uint8_t *below = cells[(y + 1) % HEIGHT];
        for (int x = 0; x < WIDTH; x++) {
            int left = (x + WIDTH - 1) % WIDTH, right = (x + 1) % WIDTH;
            int around = above[left] + above[x] + above[right] + row[left] + row[right] +
                         below[left] + below[x] + below[right];
            next[y][x] = around == 3 || (around == 2 && row[x]);
        }
    }
    memcpy(cells, next, sizeof cells);
}

static uint64_t run_round(uint32_t round) {
    cells[round % HEIGHT][(round * 3) % WIDTH] ^= 1;
    for (int i = 0; i < 10; i++) generation();
    uint64_t sum = 0;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) sum = sum * 3 + cells[y][x];
    return sum;
}

BENCH_MAIN("life", 270)
