/* Prints its arguments, one on each line, and the value of GREETING. */
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments) {
    for (int index = 0; index < count; index++)
        printf("argument %d: %s\n", index, arguments[index]);
    const char *greeting = getenv("GREETING");
    printf("GREETING=%s\n", greeting ? greeting : "(unset)");
    return 0;
}
