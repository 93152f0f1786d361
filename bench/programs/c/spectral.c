// Floating point: the spectral norm of an infinite matrix by power iteration; divisions.
#include "bench.h"
#include <math.h>

enum { SIZE = 400 };

static double u[SIZE], v[SIZE], w[SIZE];

static void setup(void) {
    for (int i = 0; i < SIZE; i++) u[i] = 1.0;
}

static double element(int i, int j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }

static void multiply(const double *in, double *out) {
    for (int i = 0; i < SIZE; i++) {
        double sum = 0;
        for (int j = 0; j < SIZE; j++) sum += element(i, j) * in[j];
        out[i] = sum;
    }
}

static void multiply_transposed(const double *in, double *out) {
    for (int i = 0; i < SIZE; i++) {
        double sum = 0;
        for (int j = 0; j < SIZE; j++) sum += element(j, i) * in[j];
        out[i] = sum;
    }
}

static uint64_t run_round(uint32_t round) {
    u[round % SIZE] += 0.5;
    multiply(u, w);
    multiply_transposed(w, v);
    multiply(v, w);
    multiply_transposed(w, u);
    double uv = 0, vv = 0;
    for (int i = 0; i < SIZE; i++) {
        uv += u[i] * v[i];
        vv += v[i] * v[i];
    }
    return digest_double(0, sqrt(uv / vv));
}

BENCH_MAIN("spectral", 670)
