/*
 * A clock that the storm can move: loaded before the C library (LD_PRELOAD), it adds so many seconds to the time of day as the
 * file STORM_CLOCK says (a signed number of 64 bits in the machine's order). Whoever uses it, PHP, the extension, lives at one
 * time. Durations (CLOCK_MONOTONIC, sleep) pass as ever.
 *
 * @see Time.php what moves it
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t none;
static const volatile int64_t *offset = &none;

/* Shared with the file, so that a move is seen at once, in every process. */
__attribute__((constructor)) static void open_clock(void)
{
    const char *path = getenv("STORM_CLOCK");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return;
    }
    void *mapped = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED) {
        offset = mapped;
    }
}

int clock_gettime(clockid_t clock, struct timespec *at)
{
    int failed = (int) syscall(SYS_clock_gettime, clock, at);
    if (failed == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        at->tv_sec += *offset;
    }
    return failed;
}

time_t time(time_t *at)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at != NULL) {
        *at = now.tv_sec;
    }
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    struct timespec now;
    (void) zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

/* PHP lets an extension find the C library before what was loaded ahead of it; here it must not. */
void *dlopen(const char *path, int mode)
{
    void *(*open)(const char *, int);
    *(void **) &open = dlsym(RTLD_NEXT, "dlopen");
    return open(path, mode & ~RTLD_DEEPBIND);
}
