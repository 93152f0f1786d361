// A mix as embedded processors are judged by: list work, 16-bit matrices, a state machine, a CRC.
#include "bench.h"

enum { ITEMS = 256, SIDE = 24, TEXT = 2048 };

struct item {
    struct item *next;
    int16_t value, index;
};

static struct item items[ITEMS];
static int16_t left[SIDE][SIDE], right[SIDE][SIDE];
static int32_t product[SIDE][SIDE];
static char text[TEXT + 1];

static void setup(void) {
    static const char *const pieces[] = {"5012", "1.25", "-874", "+122e4", "0x1F", ".5", "T7q", "-1e-9"};
    uint64_t state = 6;
    uint32_t at = 0;
    while (at + 8 < TEXT) {
        const char *piece = pieces[random_below(&state, 8)];
        while (*piece) text[at++] = *piece++;
        text[at++] = ',';
    }
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            left[i][j] = (int16_t)random_next(&state);
            right[i][j] = (int16_t)(random_next(&state) & 0xff);
        }
}

static uint16_t crc16(uint16_t crc, uint16_t value) {
    for (int bit = 0; bit < 16; bit++) {
        uint16_t carry = (crc ^ value) & 1;
        crc >>= 1;
        value >>= 1;
        if (carry) crc ^= 0xa001;
    }
    return crc;
}

static NOINLINE uint16_t work_list(uint32_t seed) {
    uint64_t state = seed;
    struct item *list = NULL;
    for (int i = 0; i < ITEMS; i++) {
        items[i] = (struct item){list, (int16_t)random_next(&state), (int16_t)i};
        list = &items[i];
    }
    uint16_t crc = 0;
    for (int wanted = 0; wanted < 40; wanted++) {
        struct item *reversed = NULL;
        for (struct item *at = list; at;) {
            struct item *next = at->next;
            at->next = reversed;
            reversed = at;
            at = next;
        }
        list = reversed;
        const struct item *found = list;
        while (found && (found->value & 0xff) != wanted) found = found->next;
        crc = crc16(crc, found ? (uint16_t)found->index : 0xffff);
    }
    struct item *sorted = NULL;
    while (list) {
        struct item *one = list, **place = &sorted;
        list = list->next;
        while (*place && (*place)->value < one->value) place = &(*place)->next;
        one->next = *place;
        *place = one;
    }
    for (; sorted; sorted = sorted->next) crc = crc16(crc, (uint16_t)sorted->value);
    return crc;
}

static NOINLINE uint16_t work_matrix(int16_t add) {
    uint16_t crc = 0;
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            int32_t sum = 0;
            for (int k = 0; k < SIDE; k++) sum += left[i][k] * right[k][j];
            product[i][j] = sum;
        }
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            crc ^= (uint16_t)((product[i][j] >> 2 & 0xf) * (product[i][j] >> 5 & 0x7f));
            left[i][j] = (int16_t)(left[i][j] + add);
        }
    return crc;
}

enum state { START, SIGN, INTEGER, DECIMAL, EXPONENT, EXPONENT_SIGN, SCIENTIFIC, INVALID, STATES };

static enum state advance(enum state state, char c) {
    int digit = c >= '0' && c <= '9';
    switch (state) {
    case START: return digit ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? DECIMAL : INVALID;
    case SIGN: return digit ? INTEGER : c == '.' ? DECIMAL : INVALID;
    case INTEGER: return digit ? INTEGER : c == '.' ? DECIMAL : c == 'e' ? EXPONENT : INVALID;
    case DECIMAL: return digit ? DECIMAL : c == 'e' ? EXPONENT : INVALID;
    case EXPONENT: return digit ? SCIENTIFIC : c == '-' || c == '+' ? EXPONENT_SIGN : INVALID;
    case EXPONENT_SIGN:
    case SCIENTIFIC: return digit ? SCIENTIFIC : INVALID;
    default: return INVALID;
    }
}

static NOINLINE uint16_t work_states(uint32_t change) {
    uint32_t counts[STATES] = {0};
    text[change % (TEXT - 8)] ^= 1;
    enum state state = START;
    for (const char *at = text; *at; at++) {
        if (*at == ',') {
            counts[state]++;
            state = START;
        } else {
            state = advance(state, *at);
        }
    }
    text[change % (TEXT - 8)] ^= 1;
    uint16_t crc = 0;
    for (int i = 0; i < STATES; i++) crc = crc16(crc, (uint16_t)counts[i]);
    return crc;
}

static uint64_t run_round(uint32_t round) {
    uint16_t crc = work_list(round);
    for (int i = 0; i < 4; i++) {
        crc = crc16(crc, work_matrix((int16_t)(round + i)));
        crc = crc16(crc, work_states(round * 7 + i));
    }
    return crc;
}

BENCH_MAIN("mix", 7000)
