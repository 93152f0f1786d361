// Sorting: merge sort of records from the bottom up, and of a linked list.
#include "bench.h"

enum { COUNT = 1 << 16 };

struct record {
    uint32_t key, payload;
};

struct node {
    struct node *next;
    uint32_t key;
};

static struct record records[COUNT], spare[COUNT];
static struct node nodes[COUNT];

static void setup(void) {}

static void merge_runs(const struct record *in, struct record *out, int low, int middle, int high) {
    int i = low, j = middle;
    for (int k = low; k < high; k++) {
        if (i < middle && (j >= high || in[i].key <= in[j].key)) out[k] = in[i++];
        else out[k] = in[j++];
    }
}

static NOINLINE void sort_records(void) {
    struct record *from = records, *to = spare;
    for (int width = 1; width < COUNT; width *= 2) {
        for (int low = 0; low < COUNT; low += 2 * width)
            merge_runs(from, to, low, low + width, low + 2 * width);
        struct record *t = from;
        from = to;
        to = t;
    }
    if (from != records) memcpy(records, from, sizeof records);
}

static struct node *merge_lists(struct node *a, struct node *b) {
    struct node head, *tail = &head;
    while (a && b) {
        struct node **least = a->key <= b->key ? &a : &b;
        tail = tail->next = *least;
        *least = (*least)->next;
    }
    tail->next = a ? a : b;
    return head.next;
}

static NOINLINE struct node *sort_list(struct node *list, int count) {
    if (count <= 1) {
        if (list) list->next = NULL;
        return list;
    }
    struct node *second = list;
    for (int i = 0; i < count / 2; i++) second = second->next;
    struct node *right = sort_list(second, count - count / 2);
    return merge_lists(sort_list(list, count / 2), right);
}

static uint64_t run_round(uint32_t round) {
    uint64_t state = round, sum = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        records[i] = (struct record){(uint32_t)random_next(&state) >> 8, i};
        nodes[i] = (struct node){i + 1 < COUNT ? &nodes[i + 1] : NULL, records[i].key};
    }
    sort_records();
    struct node *node = sort_list(nodes, COUNT);
    for (int i = 0; i < COUNT; i++, node = node->next) {
        if (node->key != records[i].key) abort();
        sum = digest(sum, records[i].payload);
    }
    return sum;
}

BENCH_MAIN("mergesort", 35)
