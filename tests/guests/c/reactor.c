//@ flags: -mexec-model=reactor -Wl,--export=constructed -Wl,--export=greet
/* A reactor whose constructor must have run, through _initialize, before its exports are called. */
#include <stdio.h>

static int ready;

__attribute__((constructor)) static void construct(void) { ready = 42; }

int constructed(void) { return ready; }

void greet(void) {
    puts("greetings from a C reactor");
    fflush(stdout);
}
