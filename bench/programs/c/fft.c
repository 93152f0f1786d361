// Floating point: a radix-2 fast Fourier transform and its inverse, in place.
#include "bench.h"
#include <math.h>

enum { LOG = 13, SIZE = 1 << LOG };

struct complex {
    double re, im;
};

static struct complex data[SIZE], roots[SIZE / 2];

// The roots of unity by halving angles, so that every machine has the same bits.
static void setup(void) {
    double re[LOG + 1], im[LOG + 1];
    re[0] = 1, im[0] = 0;
    re[1] = -1, im[1] = 0;
    re[2] = 0, im[2] = -1;
    for (int k = 3; k <= LOG; k++) {
        re[k] = sqrt((1 + re[k - 1]) / 2);
        im[k] = im[k - 1] / (2 * re[k]);
    }
    for (int i = 0; i < SIZE / 2; i++) {
        struct complex root = {1, 0};
        for (int bit = 0; bit < LOG; bit++)
            if (i >> bit & 1) {
                double x = re[LOG - bit], y = im[LOG - bit];
                root = (struct complex){root.re * x - root.im * y, root.re * y + root.im * x};
            }
        roots[i] = root;
    }
    uint64_t state = 8;
    for (int i = 0; i < SIZE; i++) data[i] = (struct complex){random_unit(&state), random_unit(&state)};
}

static void reorder(void) {
    for (uint32_t i = 0, j = 0; i < SIZE; i++) {
        if (i < j) {
            struct complex t = data[i];
            data[i] = data[j];
            data[j] = t;
        }
        uint32_t bit = SIZE >> 1;
        for (; j & bit; bit >>= 1) j ^= bit;
        j |= bit;
    }
}

static NOINLINE void transform(double direction) {
    reorder();
    for (int half = 1; half < SIZE; half *= 2) {
        int stride = SIZE / (2 * half);
        for (int start = 0; start < SIZE; start += 2 * half)
            for (int k = 0; k < half; k++) {
                struct complex w = roots[k * stride], *a = &data[start + k], *b = a + half;
                w.im *= direction;
                double re = b->re * w.re - b->im * w.im, im = b->re * w.im + b->im * w.re;
                b->re = a->re - re;
                b->im = a->im - im;
                a->re += re;
                a->im += im;
            }
    }
}

static uint64_t run_round(uint32_t round) {
    data[round % SIZE].re += 1.0;
    transform(1);
    uint64_t sum = digest_double(0, data[round % SIZE].im);
    transform(-1);
    for (int i = 0; i < SIZE; i++) {
        data[i].re *= 1.0 / SIZE;
        data[i].im *= 1.0 / SIZE;
    }
    return digest_double(sum, data[(round * 31) % SIZE].re);
}

BENCH_MAIN("fft", 2200)
