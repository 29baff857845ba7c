/*
 * A clock that stands until it is told: loaded before the C library (LD_PRELOAD), it answers what time of day it is with what the
 * file REPLAY_CLOCK says (microseconds since 1970, a signed number of 64 bits in the machine's order; 0: the real time). Whoever
 * wants to sleep until later goes on at once. Durations (CLOCK_MONOTONIC) pass as ever.
 *
 * @see StoppedClock.php what moves it
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
static const volatile int64_t *now = &none;

/* Shared with the file, so that a move is seen at once. */
__attribute__((constructor)) static void open_clock(void)
{
    const char *path = getenv("REPLAY_CLOCK");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return;
    }
    void *mapped = mmap(NULL, sizeof *now, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED) {
        now = mapped;
    }
}

int clock_gettime(clockid_t clock, struct timespec *at)
{
    int64_t micros = *now;
    if (micros == 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) {
        return (int) syscall(SYS_clock_gettime, clock, at);
    }
    at->tv_sec = micros / 1000000;
    at->tv_nsec = micros % 1000000 * 1000;
    return 0;
}

time_t time(time_t *at)
{
    struct timespec found;
    clock_gettime(CLOCK_REALTIME, &found);
    if (at != NULL) {
        *at = found.tv_sec;
    }
    return found.tv_sec;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    struct timespec found;
    (void) zone;
    clock_gettime(CLOCK_REALTIME, &found);
    at->tv_sec = found.tv_sec;
    at->tv_usec = found.tv_nsec / 1000;
    return 0;
}

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    (void) wanted;
    (void) left;
    return 0;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted, struct timespec *left)
{
    (void) clock;
    (void) flags;
    return nanosleep(wanted, left);
}

/* PHP lets an extension find the C library before what was loaded ahead of it; here it must not. */
void *dlopen(const char *path, int mode)
{
    void *(*open)(const char *, int);
    *(void **) &open = dlsym(RTLD_NEXT, "dlopen");
    return open(path, mode & ~RTLD_DEEPBIND);
}
