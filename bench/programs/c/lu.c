// Floating point: LU factorisation with partial pivoting, then forward and back substitution.
#include "bench.h"
#include <math.h>

enum { SIZE = 160 };

static double matrix[SIZE][SIZE], lu[SIZE][SIZE], x[SIZE];
static int order[SIZE];

static void setup(void) {
    uint64_t state = 9;
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) matrix[i][j] = random_unit(&state) - 0.5;
}

static NOINLINE void factor(void) {
    for (int i = 0; i < SIZE; i++) order[i] = i;
    for (int k = 0; k < SIZE; k++) {
        int pivot = k;
        for (int i = k + 1; i < SIZE; i++)
            if (fabs(lu[i][k]) > fabs(lu[pivot][k])) pivot = i;
        if (pivot != k) {
            for (int j = 0; j < SIZE; j++) {
                double t = lu[k][j];
                lu[k][j] = lu[pivot][j];
                lu[pivot][j] = t;
            }
            int t = order[k];
            order[k] = order[pivot];
            order[pivot] = t;
        }
        double inverse = 1.0 / lu[k][k];
        for (int i = k + 1; i < SIZE; i++) {
            double ratio = lu[i][k] *= inverse;
            for (int j = k + 1; j < SIZE; j++) lu[i][j] -= ratio * lu[k][j];
        }
    }
}

static NOINLINE void solve(uint32_t round) {
    for (int i = 0; i < SIZE; i++) {
        double sum = (double)((order[i] * 7 + round) % 13);
        for (int j = 0; j < i; j++) sum -= lu[i][j] * x[j];
        x[i] = sum;
    }
    for (int i = SIZE - 1; i >= 0; i--) {
        double sum = x[i];
        for (int j = i + 1; j < SIZE; j++) sum -= lu[i][j] * x[j];
        x[i] = sum / lu[i][i];
    }
}

static uint64_t run_round(uint32_t round) {
    memcpy(lu, matrix, sizeof lu);
    lu[round % SIZE][(round * 7) % SIZE] += 0.5;
    factor();
    solve(round);
    uint64_t sum = 0;
    for (int i = 0; i < SIZE; i++) sum = digest_double(sum, x[i]);
    return sum;
}

BENCH_MAIN("lu", 1300)
