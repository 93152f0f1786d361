//@ flags: -nostdlib -Wl,--strip-all
/* Prints one line without a C library: a module of a few hundred bytes. */
#include <stddef.h>

struct piece {
    const char *bytes;
    size_t length;
};

__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_write")))
int fd_write(int descriptor, const struct piece *pieces, size_t count, size_t *written);

void _start(void) {
    static const char text[] = "One line\n";
    const struct piece piece = {text, sizeof text - 1};
    size_t written;
    if (fd_write(1, &piece, 1, &written) != 0) {
        __builtin_trap();
    }
}
