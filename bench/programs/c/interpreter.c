// An interpreter loop: a stack machine whose `switch` becomes a `br_table`.
#include "bench.h"

enum opcode {
    PUSH, LOAD, STORE, ADD, SUBTRACT, MULTIPLY, DIVIDE, REMAINDER, AND, OR, XOR, SHIFT_LEFT,
    SHIFT_RIGHT, LESS, EQUAL, NOT, JUMP, JUMP_IF_ZERO, DUPLICATE, DROP, SWAP, FETCH, POKE, CALL,
    RETURN, HALT
};

struct instruction {
    uint32_t opcode;
    int32_t operand;
};

enum { MEMORY = 4096 };

static int32_t memory[MEMORY], variables[32];
static struct instruction program[256];
static uint32_t length;

static NOINLINE int32_t execute(const struct instruction *code) {
    int32_t stack[64], *top = stack;
    const struct instruction *calls[64], *at = code;
    int depth = 0;
    for (;;) {
        struct instruction now = *at++;
        switch ((enum opcode)now.opcode) {
        case PUSH: *++top = now.operand; break;
        case LOAD: *++top = variables[now.operand & 31]; break;
        case STORE: variables[now.operand & 31] = *top--; break;
        case ADD: top--; *top = (int32_t)((uint32_t)top[0] + (uint32_t)top[1]); break;
        case SUBTRACT: top--; *top = (int32_t)((uint32_t)top[0] - (uint32_t)top[1]); break;
        case MULTIPLY: top--; *top = (int32_t)((uint32_t)top[0] * (uint32_t)top[1]); break;
        case DIVIDE: top--; *top = top[1] > 0 ? top[0] / top[1] : 0; break;
        case REMAINDER: top--; *top = top[1] > 0 ? top[0] % top[1] : 0; break;
        case AND: top--; *top &= top[1]; break;
        case OR: top--; *top |= top[1]; break;
        case XOR: top--; *top ^= top[1]; break;
        case SHIFT_LEFT: top--; *top = (int32_t)((uint32_t)top[0] << (top[1] & 31)); break;
        case SHIFT_RIGHT: top--; *top = (int32_t)((uint32_t)top[0] >> (top[1] & 31)); break;
        case LESS: top--; *top = top[0] < top[1]; break;
        case EQUAL: top--; *top = top[0] == top[1]; break;
        case NOT: *top = !*top; break;
        case JUMP: at = code + now.operand; break;
        case JUMP_IF_ZERO: if (!*top--) at = code + now.operand; break;
        case DUPLICATE: top[1] = *top; top++; break;
        case DROP: top--; break;
        case SWAP: { int32_t t = top[0]; top[0] = top[-1]; top[-1] = t; break; }
        case FETCH: *top = memory[(uint32_t)*top % MEMORY]; break;
        case POKE: memory[(uint32_t)*top % MEMORY] = top[-1]; top -= 2; break;
        case CALL: calls[depth++ & 63] = at; at = code + now.operand; break;
        case RETURN: at = calls[--depth & 63]; break;
        case HALT: return variables[0];
        }
    }
}

static uint32_t emit(enum opcode opcode, int32_t operand) {
    program[length] = (struct instruction){opcode, operand};
    return length++;
}

static void loop_end(uint32_t start, uint32_t exit, int32_t variable) {
    emit(LOAD, variable);
    emit(PUSH, 1);
    emit(ADD, 0);
    emit(STORE, variable);
    emit(JUMP, (int32_t)start);
    program[exit].operand = (int32_t)length;
}

static uint32_t loop_test(int32_t variable, int32_t limit) {
    emit(LOAD, variable);
    emit(PUSH, limit);
    emit(LESS, 0);
    return emit(JUMP_IF_ZERO, 0);
}

// Variable 0 holds the sum, 1 to 3 loop counters, 5 a Collatz number; a subroutine mixes the sum.
static void setup(void) {
    uint32_t over = emit(JUMP, 0), mix = length;
    static const struct { enum opcode opcode; int32_t operand; } body[] = {
        {LOAD, 0}, {DUPLICATE, 0}, {PUSH, 5}, {SHIFT_LEFT, 0}, {XOR, 0}, {DUPLICATE, 0}, {PUSH, 9},
        {SHIFT_RIGHT, 0}, {ADD, 0}, {LOAD, 1}, {XOR, 0}, {STORE, 0}, {RETURN, 0}};
    for (size_t i = 0; i < sizeof body / sizeof *body; i++) emit(body[i].opcode, body[i].operand);
    program[over].operand = (int32_t)length;

    emit(PUSH, 0);
    emit(STORE, 1);
    uint32_t outer = length, outer_exit = loop_test(1, 300);
    // memory[i * 7] ^= sum + i for every i below 400.
    emit(PUSH, 0);
    emit(STORE, 2);
    uint32_t inner = length, inner_exit = loop_test(2, 400);
    emit(LOAD, 2); emit(PUSH, 7); emit(MULTIPLY, 0); emit(DUPLICATE, 0); emit(FETCH, 0);
    emit(LOAD, 0); emit(LOAD, 2); emit(ADD, 0); emit(XOR, 0); emit(DUPLICATE, 0);
    emit(LOAD, 0); emit(ADD, 0); emit(STORE, 0); emit(SWAP, 0); emit(POKE, 0);
    loop_end(inner, inner_exit, 2);
    // Steps of 3n + 1 from the counter down to one.
    emit(LOAD, 1); emit(PUSH, 2); emit(ADD, 0); emit(STORE, 5);
    uint32_t collatz = length;
    emit(LOAD, 5); emit(PUSH, 1); emit(EQUAL, 0); emit(NOT, 0);
    uint32_t collatz_exit = emit(JUMP_IF_ZERO, 0);
    emit(CALL, (int32_t)mix);
    emit(LOAD, 5); emit(PUSH, 1); emit(AND, 0);
    uint32_t even = emit(JUMP_IF_ZERO, 0);
    emit(LOAD, 5); emit(PUSH, 3); emit(MULTIPLY, 0); emit(PUSH, 1); emit(ADD, 0); emit(STORE, 5);
    emit(JUMP, (int32_t)collatz);
    program[even].operand = (int32_t)length;
    emit(LOAD, 5); emit(PUSH, 2); emit(DIVIDE, 0); emit(STORE, 5);
    emit(JUMP, (int32_t)collatz);
    program[collatz_exit].operand = (int32_t)length;
    loop_end(outer, outer_exit, 1);
    emit(HALT, 0);
}

static uint64_t run_round(uint32_t round) {
    variables[0] ^= (int32_t)round;
    return (uint32_t)execute(program);
}

BENCH_MAIN("interpreter", 78)
