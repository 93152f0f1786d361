// Regular expressions: patterns compiled to a small program, run as a set of threads over a text.
#include "bench.h"

enum kind { CHARACTER, ANY, CLASS, SPLIT, JUMP, MATCH };

struct instruction {
    enum kind kind;
    uint8_t character;
    int16_t first, second;
    uint32_t class[8];
};

enum { PROGRAM = 128, TEXT = 20000, PATTERNS = 5 };

static struct instruction programs[PATTERNS][PROGRAM];
static char text[TEXT];
static struct instruction *code;
static int16_t length;
static const char *pattern;

static int16_t emit(enum kind kind) {
    code[length] = (struct instruction){.kind = kind};
    return length++;
}

static void parse_alternatives(void);

// Copies instructions from `from` on to one place later, to put a split before them.
static void insert_split(int16_t from) {
    for (int16_t i = length++; i > from; i--) {
        code[i] = code[i - 1];
        if (code[i].kind == SPLIT || code[i].kind == JUMP) {
            if (code[i].first >= from) code[i].first++;
            if (code[i].second >= from) code[i].second++;
        }
    }
    code[from] = (struct instruction){.kind = SPLIT, .first = (int16_t)(from + 1)};
}

static void parse_class(void) {
    int16_t at = emit(CLASS);
    int negated = *pattern == '^' ? pattern++, 1 : 0;
    while (*pattern != ']') {
        uint8_t low = (uint8_t)*pattern++, high = low;
        if (*pattern == '-' && pattern[1] != ']') {
            high = (uint8_t)pattern[1];
            pattern += 2;
        }
        for (uint32_t c = low; c <= high; c++) code[at].class[c >> 5] |= 1u << (c & 31);
    }
    pattern++;
    for (int i = 0; negated && i < 8; i++) code[at].class[i] = ~code[at].class[i];
}

static void parse_piece(void) {
    int16_t start = length;
    if (*pattern == '(') {
        pattern++;
        parse_alternatives();
        pattern++;
    } else if (*pattern == '[') {
        pattern++;
        parse_class();
    } else if (*pattern == '.') {
        pattern++;
        emit(ANY);
    } else {
        code[emit(CHARACTER)].character = (uint8_t)*pattern++;
    }
    if (*pattern == '*') {
        insert_split(start);
        code[emit(JUMP)].first = start;
        code[start].second = length;
        pattern++;
    } else if (*pattern == '+') {
        int16_t split = emit(SPLIT);
        code[split].first = start;
        code[split].second = length;
        pattern++;
    } else if (*pattern == '?') {
        insert_split(start);
        code[start].second = length;
        pattern++;
    }
}

static void parse_alternatives(void) {
    int16_t start = length;
    while (*pattern && *pattern != '|' && *pattern != ')') parse_piece();
    if (*pattern == '|') {
        insert_split(start);
        int16_t jump = emit(JUMP);
        code[start].second = length;
        pattern++;
        parse_alternatives();
        code[jump].first = length;
    }
}

struct set {
    int16_t members[PROGRAM], count;
    uint32_t mark[PROGRAM], generation;
};

static struct set one, other;

static void add(struct set *set, const struct instruction *program, int16_t at) {
    if (set->mark[at] == set->generation) return;
    set->mark[at] = set->generation;
    if (program[at].kind == JUMP) {
        add(set, program, program[at].first);
    } else if (program[at].kind == SPLIT) {
        add(set, program, program[at].first);
        add(set, program, program[at].second);
    } else {
        set->members[set->count++] = at;
    }
}

static int accepts(const struct instruction *now, uint8_t c) {
    switch (now->kind) {
    case CHARACTER: return now->character == c;
    case ANY: return c != '\n';
    case CLASS: return now->class[c >> 5] >> (c & 31) & 1;
    default: return 0;
    }
}

// Counts the positions where a match ends, wherever it starts.
static NOINLINE uint32_t search(const struct instruction *program, const char *at, uint32_t count) {
    struct set *current = &one, *next = &other;
    uint32_t ends = 0;
    current->count = 0;
    current->generation++;
    for (uint32_t i = 0; i < count; i++) {
        add(current, program, 0);
        next->count = 0;
        next->generation++;
        for (int16_t m = 0; m < current->count; m++) {
            int16_t member = current->members[m];
            if (accepts(&program[member], (uint8_t)at[i])) add(next, program, (int16_t)(member + 1));
        }
        for (int16_t m = 0; m < next->count; m++) ends += program[next->members[m]].kind == MATCH;
        struct set *t = current;
        current = next;
        next = t;
    }
    return ends;
}

static void setup(void) {
    static const char *const patterns[PATTERNS] = {
        "[a-z]+@[a-z]+(.com|.org|.net)", "(ab|ba|cd)*e", "[0-9][0-9]?:[0-9][0-9]",
        "q[^u ]+ ", "(a|e|i|o|u)+[bcdfg]?(st|th|nd)"};
    for (int i = 0; i < PATTERNS; i++) {
        code = programs[i];
        length = 0;
        pattern = patterns[i];
        parse_alternatives();
        emit(MATCH);
    }
    static const char alphabet[] = "etaoinshrdlucmfwypvbgkqjxz   @.:0123456789abcdeabcde\n";
    uint64_t state = 10;
    for (int i = 0; i < TEXT; i++) text[i] = alphabet[random_below(&state, sizeof alphabet - 1)];
}

static uint64_t run_round(uint32_t round) {
    text[(round * 97) % TEXT] = "a@.5 "[round % 5];
    uint64_t sum = 0;
    for (int i = 0; i < PATTERNS; i++) sum = digest(sum, search(programs[i], text, TEXT));
    return sum;
}

BENCH_MAIN("regex", 250)
