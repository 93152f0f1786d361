// What every C program of the benchmark shares: the clock, the random numbers, and `main`.
//
// A program gives `setup`, which is not timed, and `run_round`, which does one deterministic
// round of the work and returns a digest of its results. `BENCH_MAIN(name, rounds)` runs the
// rounds, prints the digest of digests on standard output and `time_ns N` on standard error.
// The optional first argument is a percentage of the rounds to run.

#ifndef BENCH_H
#define BENCH_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOINLINE __attribute__((noinline))

static void setup(void);
static NOINLINE uint64_t run_round(uint32_t round);

static inline uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// One step of a 64-bit counter through a mixing function (SplitMix).
static inline uint64_t random_next(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline uint32_t random_below(uint64_t *state, uint32_t bound) {
    return (uint32_t)(((random_next(state) >> 32) * bound) >> 32);
}

// A number in [0, 1).
static inline double random_unit(uint64_t *state) {
    return (double)(random_next(state) >> 11) * (1.0 / 9007199254740992.0);
}

static inline uint64_t digest(uint64_t sum, uint64_t value) {
    sum = (sum ^ value) * 0x100000001b3u;
    return sum ^ (sum >> 29);
}

static inline uint64_t digest_double(uint64_t sum, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return digest(sum, bits);
}

static inline int bench_main(int argc, char **argv, const char *name, uint32_t rounds) {
    if (argc > 1) {
        uint64_t scaled = (uint64_t)rounds * strtoul(argv[1], NULL, 10) / 100;
        rounds = scaled > 0 ? (uint32_t)scaled : 1;
    }
    setup();
    uint64_t sum = 0xcbf29ce484222325u;
    uint64_t start = now_ns();
    for (uint32_t round = 0; round < rounds; round++) sum = digest(sum, run_round(round));
    uint64_t elapsed = now_ns() - start;
    printf("%s %016" PRIx64 "\n", name, sum);
    fprintf(stderr, "time_ns %" PRIu64 "\n", elapsed);
    return 0;
}

#define BENCH_MAIN(name, rounds) \
    int main(int argc, char **argv) { return bench_main(argc, argv, name, rounds); }

#endif
