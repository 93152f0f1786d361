//@ flags: -O0 -g
/* Divides by zero two named calls below main, with debug information. */
#include <stdio.h>
#include <stdlib.h>

__attribute__((noinline)) static int divide(int dividend, int divisor) { return dividend / divisor; }

__attribute__((noinline)) static int average(int sum, int count) { return divide(sum, count); }

int main(void) {
    puts("before the trap");
    return average(42, atoi("0"));
}
