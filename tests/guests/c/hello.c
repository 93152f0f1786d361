/* Prints one line: the smallest C program that does something a person can see. */
#include <stdio.h>

int main(void) {
    puts("Hello from C");
    return 0;
}
