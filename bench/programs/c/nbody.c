// Floating point: a star cluster under gravity, leapfrog steps.
#include "bench.h"
#include <math.h>

enum { BODIES = 8, STEPS = 2000 };

struct body {
    double position[3], velocity[3], mass;
};

static struct body bodies[BODIES];

static void setup(void) {
    uint64_t state = 1;
    for (int i = 0; i < BODIES; i++) {
        for (int k = 0; k < 3; k++) {
            bodies[i].position[k] = random_unit(&state) * 20.0 - 10.0;
            bodies[i].velocity[k] = random_unit(&state) - 0.5;
        }
        bodies[i].mass = 0.1 + random_unit(&state);
    }
}

static void attract(double dt) {
    for (int i = 0; i < BODIES; i++) {
        for (int j = i + 1; j < BODIES; j++) {
            double dx = bodies[i].position[0] - bodies[j].position[0];
            double dy = bodies[i].position[1] - bodies[j].position[1];
            double dz = bodies[i].position[2] - bodies[j].position[2];
            double square = dx * dx + dy * dy + dz * dz + 0.01;
            double force = dt / (square * sqrt(square));
            double a = bodies[j].mass * force, b = bodies[i].mass * force;
            bodies[i].velocity[0] -= dx * a;
            bodies[i].velocity[1] -= dy * a;
            bodies[i].velocity[2] -= dz * a;
            bodies[j].velocity[0] += dx * b;
            bodies[j].velocity[1] += dy * b;
            bodies[j].velocity[2] += dz * b;
        }
    }
}

static void drift(double dt) {
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < 3; k++) bodies[i].position[k] += dt * bodies[i].velocity[k];
}

static double energy(void) {
    double sum = 0;
    for (int i = 0; i < BODIES; i++) {
        double square = 0;
        for (int k = 0; k < 3; k++) square += bodies[i].velocity[k] * bodies[i].velocity[k];
        sum += 0.5 * bodies[i].mass * square;
    }
    return sum;
}

static uint64_t run_round(uint32_t round) {
    (void)round;
    for (int step = 0; step < STEPS; step++) {
        attract(0.001);
        drift(0.001);
    }
    return digest_double(0, energy());
}

BENCH_MAIN("nbody", 1400)
