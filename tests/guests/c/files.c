/* Writes a file, seeks in it, reads it back, renames it and removes it, and says what the first failing step was. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int fail(const char *step) {
    printf("%s: %s\n", step, strerror(errno));
    return 1;
}

int main(void) {
    char text[16] = {0};
    FILE *file = fopen("first.txt", "w+");
    if (!file) return fail("open");
    if (fputs("hello, file", file) < 0) return fail("write");
    if (fseek(file, 7, SEEK_SET) != 0) return fail("seek");
    if (fread(text, 1, 4, file) != 4) return fail("read");
    if (fclose(file) != 0) return fail("close");
    if (rename("first.txt", "second.txt") != 0) return fail("rename");
    if (access("first.txt", F_OK) == 0) return fail("the old name is still there");
    if (unlink("second.txt") != 0) return fail("unlink");
    printf("read back: %s\n", text);
    return 0;
}
