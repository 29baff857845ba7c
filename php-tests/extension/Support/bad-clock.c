/*
 * A clock that gives nonsense, for LD_PRELOAD: Rust's standard library panics at it, which nothing that PHP may give us makes
 * the extension do.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
    (void) clock;
    now->tv_sec = 1;
    now->tv_nsec = 2000000000;
    return 0;
}

/* PHP lets an extension find the C library before what was loaded ahead of it; here it must not. */
void *dlopen(const char *file, int mode)
{
    void *(*next)(const char *, int) = (void *(*)(const char *, int)) dlsym(RTLD_NEXT, "dlopen");
    return next(file, mode & ~RTLD_DEEPBIND);
}
