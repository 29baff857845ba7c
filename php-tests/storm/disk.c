/*
 * A disk that the storm can fill: loaded before the C library (LD_PRELOAD) together with clock.c. While the file STORM_DISK says
 * so (its first byte is not 0), nothing can be written into files and no folder can be made, as on a disk without room (ENOSPC).
 * The storm's own notes, beneath the folder STORM_NOTES, lie elsewhere.
 *
 * @see Machine.php what fills it
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static const volatile char empty;
static const volatile char *is_full = &empty;

/* Shared with the file, so that a change is seen at once, in every process. */
__attribute__((constructor)) static void open_disk(void)
{
    const char *path = getenv("STORM_DISK");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return;
    }
    void *mapped = mmap(NULL, 1, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED) {
        is_full = mapped;
    }
}

/* Whether there is no room for what is written there: sockets, pipes and terminals need none. */
static int lacks_room(int file)
{
    struct stat about;
    if (*is_full == 0 || fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        return 0;
    }
    const char *notes = getenv("STORM_NOTES");
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = notes == NULL ? -1 : readlink(link, path, sizeof path);
    return length < (ssize_t) (notes == NULL ? 0 : strlen(notes)) || strncmp(path, notes, strlen(notes)) != 0;
}

ssize_t write(int file, const void *bytes, size_t length)
{
    if (lacks_room(file)) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_write, file, bytes, length);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t at)
{
    if (lacks_room(file)) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_pwrite64, file, bytes, length, at);
}

ssize_t writev(int file, const struct iovec *parts, int count)
{
    if (lacks_room(file)) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_writev, file, parts, count);
}

int mkdir(const char *path, mode_t mode)
{
    if (*is_full != 0) {
        errno = ENOSPC;
        return -1;
    }
    return (int) syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}
