/* Ends with the status given as its first argument, after an atexit handler has printed a line. */
#include <stdio.h>
#include <stdlib.h>

static void farewell(void) { puts("farewell"); }

int main(int count, char **arguments) {
    atexit(farewell);
    return count > 1 ? atoi(arguments[1]) : 0;
}
