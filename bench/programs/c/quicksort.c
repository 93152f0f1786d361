// Sorting: quicksort with insertion sort below sixteen, and heapsort, of 32-bit numbers.
#include "bench.h"

enum { COUNT = 100000 };

static uint32_t values[COUNT];

static void setup(void) {}

static void insertion_sort(uint32_t *v, int low, int high) {
    for (int i = low + 1; i <= high; i++) {
        uint32_t x = v[i];
        int j = i - 1;
        for (; j >= low && v[j] > x; j--) v[j + 1] = v[j];
        v[j + 1] = x;
    }
}

static inline void swap(uint32_t *a, uint32_t *b) {
    uint32_t t = *a;
    *a = *b;
    *b = t;
}

static NOINLINE void quicksort(uint32_t *v, int low, int high) {
    while (high - low > 16) {
        int middle = low + (high - low) / 2;
        if (v[middle] < v[low]) swap(&v[middle], &v[low]);
        if (v[high] < v[low]) swap(&v[high], &v[low]);
        if (v[high] < v[middle]) swap(&v[high], &v[middle]);
        uint32_t pivot = v[middle];
        int i = low, j = high;
        while (i <= j) {
            while (v[i] < pivot) i++;
            while (v[j] > pivot) j--;
            if (i <= j) swap(&v[i++], &v[j--]);
        }
        if (j - low < high - i) {
            quicksort(v, low, j);
            low = i;
        } else {
            quicksort(v, i, high);
            high = j;
        }
    }
    insertion_sort(v, low, high);
}

static void sift(uint32_t *v, int at, int count) {
    uint32_t x = v[at];
    for (int child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && v[child + 1] > v[child]) child++;
        if (v[child] <= x) break;
        v[at] = v[child];
    }
    v[at] = x;
}

static NOINLINE void heapsort(uint32_t *v, int count) {
    for (int i = count / 2; i-- > 0;) sift(v, i, count);
    for (int i = count - 1; i > 0; i--) {
        swap(&v[0], &v[i]);
        sift(v, 0, i);
    }
}

static void fill(uint64_t seed) {
    for (int i = 0; i < COUNT; i++) values[i] = (uint32_t)random_next(&seed);
}

static uint64_t check(void) {
    uint64_t sum = 0;
    for (int i = 1; i < COUNT; i++) {
        if (values[i - 1] > values[i]) abort();
        sum = sum * 31 + values[i];
    }
    return sum;
}

static uint64_t run_round(uint32_t round) {
    fill(round);
    quicksort(values, 0, COUNT - 1);
    uint64_t one = check();
    fill(round);
    heapsort(values, COUNT);
    if (check() != one) abort();
    return one;
}

BENCH_MAIN("quicksort", 37)
