// Matrices: products of 64-bit floats, plain and by blocks with a transposed operand.
#include "bench.h"

enum { SIZE = 128, BLOCK = 32 };

static double a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE], t[SIZE][SIZE];

static void setup(void) {
    uint64_t state = 7;
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            a[i][j] = random_unit(&state) - 0.5;
            b[i][j] = random_unit(&state) - 0.5;
        }
}

static NOINLINE void multiply_rows(void) {
    memset(c, 0, sizeof c);
    for (int i = 0; i < SIZE; i++)
        for (int k = 0; k < SIZE; k++) {
            double factor = a[i][k];
            for (int j = 0; j < SIZE; j++) c[i][j] += factor * b[k][j];
        }
}

static NOINLINE void multiply_blocks(void) {
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) t[j][i] = b[i][j];
    for (int ib = 0; ib < SIZE; ib += BLOCK)
        for (int jb = 0; jb < SIZE; jb += BLOCK)
            for (int i = ib; i < ib + BLOCK; i++)
                for (int j = jb; j < jb + BLOCK; j++) {
                    double sum0 = 0, sum1 = 0;
                    for (int k = 0; k < SIZE; k += 2) {
                        sum0 += a[i][k] * t[j][k];
                        sum1 += a[i][k + 1] * t[j][k + 1];
                    }
                    c[i][j] -= sum0 + sum1;
                }
}

static uint64_t run_round(uint32_t round) {
    a[round % SIZE][3] += 0.125;
    multiply_rows();
    double before = c[5][round % SIZE];
    multiply_blocks();
    return digest_double(digest_double(0, before), c[9][round % SIZE] * 1e12);
}

BENCH_MAIN("matmul", 450)
