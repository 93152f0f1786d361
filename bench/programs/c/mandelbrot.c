// Floating point: escape times of the Mandelbrot set, a short loop with a data-dependent exit.
#include "bench.h"

enum { SIZE = 200, ITERATIONS = 200 };

static void setup(void) {}

static uint32_t escape_time(double x, double y) {
    double a = 0, b = 0;
    uint32_t n = 0;
    while (n < ITERATIONS) {
        double aa = a * a, bb = b * b;
        if (aa + bb > 4.0) break;
        b = 2.0 * a * b + y;
        a = aa - bb + x;
        n++;
    }
    return n;
}

static uint64_t run_round(uint32_t round) {
    double zoom = 1.5 / (1.0 + round * 0.01);
    uint64_t sum = 0;
    for (int row = 0; row < SIZE; row++)
        for (int column = 0; column < SIZE; column++) {
            double x = -0.6 + zoom * (2.0 * column / SIZE - 1.0);
            double y = zoom * (2.0 * row / SIZE - 1.0);
            sum = digest(sum, escape_time(x, y));
        }
    return sum;
}

BENCH_MAIN("mandelbrot", 87)
