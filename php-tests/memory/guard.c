/*
 * An allocator that puts each block against a page that nobody may touch: loaded ahead of the C library (LD_PRELOAD), it turns
 * a read or write past the end of a block, or after it was freed, into a signal at the very instruction, and says which block
 * and whose instruction it was. USE_ZEND_ALLOC=0 brings PHP's own blocks here too.
 *
 * A block ends at the last multiple of 16 before the untouchable page; the bytes left over on either side are filled, and looked
 * at when the block is freed. Freed blocks become untouchable and are given out again as late as possible. Blocks above a
 * megabyte, those with a wish for their alignment, and whatever the kernel's limit of mappings leaves no room for are the C
 * library's; when the process ends, GUARD_REPORT names a file that is told how many those were.
 *
 * @see Support/Child.php what loads it
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);

#define PAGE ((size_t) 4096)
#define FILL 0xa5
#define FRESH 0xc9
#define ALIGNMENT ((size_t) 16)
/* Each block costs two mappings of the 65,530 that Linux allows; PHP and its libraries need some themselves. */
#define MOST_BLOCKS 29000
#define SLOTS 65536

/* Slots of one size: so many pages, and the untouchable one behind them. */
struct arena {
    size_t pages;
    size_t slots;
    char *base;
    size_t fresh;         /* slots that were never given out begin here */
    uint32_t *sizes;      /* of each slot's block: its size + 1, 0 when free */
    uint32_t *freed;      /* a ring of freed slots, the oldest first */
    uint32_t *last_sizes; /* what a freed slot held, for the message */
    size_t oldest, count;
};

static struct arena arenas[] = {
    { .pages = 1, .slots = SLOTS },
    { .pages = 16, .slots = 8192 },
    { .pages = 257, .slots = 512 },
};
#define ARENAS (sizeof arenas / sizeof *arenas)

static atomic_flag locked = ATOMIC_FLAG_INIT;
static int ready;
static size_t live;
static unsigned long guarded, unguarded;
static struct sigaction next_action;
static int report_file = -1;

static void lock(void)
{
    while (atomic_flag_test_and_set_explicit(&locked, memory_order_acquire)) {
    }
}

static void unlock(void)
{
    atomic_flag_clear_explicit(&locked, memory_order_release);
}

static size_t stride(const struct arena *arena)
{
    return (arena->pages + 1) * PAGE;
}

static void say(const char *text)
{
    size_t length = strlen(text);
    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, text, length);
        if (written <= 0) {
            return;
        }
        text += written;
        length -= (size_t) written;
    }
}

static void *reserve(size_t size, int protection)
{
    void *place = mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (place == MAP_FAILED) {
        say("guard: no address space\n");
        _exit(125);
    }
    return place;
}

static struct arena *arena_of(const void *block)
{
    for (size_t i = 0; i < ARENAS; i++) {
        const char *base = arenas[i].base;
        if (base != NULL && (const char *) block >= base && (const char *) block < base + arenas[i].slots * stride(&arenas[i])) {
            return &arenas[i];
        }
    }
    return NULL;
}

static size_t slot_of(const struct arena *arena, const void *block)
{
    return (size_t) ((const char *) block - arena->base) / stride(arena);
}

static char *pages_of(const struct arena *arena, size_t slot)
{
    return arena->base + slot * stride(arena);
}

static char *block_of(const struct arena *arena, size_t slot, size_t size)
{
    size_t room = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    return pages_of(arena, slot) + arena->pages * PAGE - room;
}

/* What is wrong is told as the sanitizers tell it, and ends the process. */
static void fault(const char *what, const void *block, size_t size)
{
    char text[160];
    snprintf(text, sizeof text, "guard: %s: a block of %zu bytes at %p\n", what, size, block);
    say(text);
    signal(SIGABRT, SIG_DFL);
    abort();
}

static void explain(int number, siginfo_t *info, void *context)
{
    (void) number;
    struct arena *arena = arena_of(info->si_addr);
    if (arena != NULL) {
        size_t slot = slot_of(arena, info->si_addr);
        uint32_t size = arena->sizes[slot];
        int is_free = size == 0;
        size = is_free ? arena->last_sizes[slot] : size - 1;
        const char *block = block_of(arena, slot, size);
        Dl_info code = { 0 };
        void *instruction = NULL;
#if defined(__x86_64__)
        instruction = (void *) ((ucontext_t *) context)->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
        instruction = (void *) ((ucontext_t *) context)->uc_mcontext.pc;
#endif
        dladdr(instruction, &code);
        char text[400];
        snprintf(text, sizeof text, "guard: byte %td of a block of %u bytes%s was touched by %s+0x%tx (%s)\n",
            (const char *) info->si_addr - block, size, is_free ? " that was freed" : "",
            code.dli_fname == NULL ? "?" : code.dli_fname,
            (const char *) instruction - (const char *) code.dli_fbase, code.dli_sname == NULL ? "?" : code.dli_sname);
        say(text);
        void *frames[24];
        backtrace_symbols_fd(frames, backtrace(frames, sizeof frames / sizeof *frames), STDERR_FILENO);
    }
    /* The same instruction again, and this time it ends the process. */
    sigaction(SIGSEGV, &next_action, NULL);
}

/* The C library allocates before any constructor runs. */
static void begin(void)
{
    for (size_t i = 0; i < ARENAS; i++) {
        struct arena *arena = &arenas[i];
        arena->base = reserve(arena->slots * stride(arena), PROT_NONE);
        arena->sizes = reserve(arena->slots * sizeof *arena->sizes, PROT_READ | PROT_WRITE);
        arena->freed = reserve(arena->slots * sizeof *arena->freed, PROT_READ | PROT_WRITE);
        arena->last_sizes = reserve(arena->slots * sizeof *arena->last_sizes, PROT_READ | PROT_WRITE);
    }
    ready = 1;
}

/* A child of fork gets the lock as it was, so nobody may hold it then. */
__attribute__((constructor)) static void prepare(void)
{
    /* PHP takes the environment away before the end. */
    const char *path = getenv("GUARD_REPORT");
    report_file = path == NULL ? -1 : open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    pthread_atfork(lock, unlock, unlock);
    /* Its first use loads a library, for which there is no time in a signal. */
    void *frame;
    backtrace(&frame, 1);
    static char stack[65536];
    stack_t alternative = { .ss_sp = stack, .ss_size = sizeof stack };
    sigaltstack(&alternative, NULL);
    struct sigaction action = { .sa_sigaction = explain, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    sigaction(SIGSEGV, &action, &next_action);
}

__attribute__((destructor)) static void report(void)
{
    if (report_file >= 0) {
        dprintf(report_file, "%lu %lu\n", guarded, unguarded);
    }
}

/* A free slot whose pages may be used, or none. */
static int take(struct arena *arena, size_t size, size_t *slot)
{
    if (live >= MOST_BLOCKS) {
        return 0;
    }
    if (arena->fresh < arena->slots) {
        *slot = arena->fresh++;
    } else if (arena->count > 0) {
        *slot = arena->freed[arena->oldest];
        arena->oldest = (arena->oldest + 1) % arena->slots;
        arena->count--;
    } else {
        return 0;
    }
    if (mprotect(pages_of(arena, *slot), arena->pages * PAGE, PROT_READ | PROT_WRITE) != 0) {
        arena->freed[(arena->oldest + arena->count++) % arena->slots] = (uint32_t) *slot;
        return 0;
    }
    arena->sizes[*slot] = (uint32_t) size + 1;
    live++;
    return 1;
}

static void *allocate(size_t size, int zeroed)
{
    int before = errno;
    for (size_t i = 0; i < ARENAS; i++) {
        struct arena *arena = &arenas[i];
        if (size + ALIGNMENT > arena->pages * PAGE) {
            continue;
        }
        size_t slot;
        lock();
        if (!ready) {
            begin();
        }
        int taken = take(arena, size, &slot);
        guarded += taken != 0;
        unguarded += taken == 0;
        unlock();
        errno = before;
        if (!taken) {
            break;
        }
        char *block = block_of(arena, slot, size);
        char *end = pages_of(arena, slot) + arena->pages * PAGE;
        /* The kernel's pages are zero. What malloc gives is not, so that nobody relies on it. */
        if (!zeroed) {
            memset(block, FRESH, size);
        }
        memset(block + size, FILL, (size_t) (end - block) - size);
        memset(block - ALIGNMENT, FILL, ALIGNMENT);
        return block;
    }
    return NULL;
}

static void check_edges(const struct arena *arena, size_t slot, const char *block, size_t size)
{
    const unsigned char *byte = (const unsigned char *) block;
    for (size_t i = 1; i <= ALIGNMENT; i++) {
        if (byte[-(ptrdiff_t) i] != FILL) {
            fault("written before its start", block, size);
        }
    }
    const unsigned char *end = (const unsigned char *) pages_of(arena, slot) + arena->pages * PAGE;
    for (byte += size; byte < end; byte++) {
        if (*byte != FILL) {
            fault("written past its end", block, size);
        }
    }
}

/* The size of a block that is ours and alive. */
static size_t size_of(const struct arena *arena, size_t slot, const void *block)
{
    uint32_t size = arena->sizes[slot];
    if (size == 0) {
        fault("freed or grown after it was freed", block, arena->last_sizes[slot]);
    }
    if (block_of(arena, slot, size - 1) != block) {
        fault("freed or grown by an address within it", block, size - 1);
    }
    return size - 1;
}

void free(void *block)
{
    struct arena *arena = block == NULL ? NULL : arena_of(block);
    if (arena == NULL) {
        __libc_free(block);
        return;
    }
    int before = errno;
    size_t slot = slot_of(arena, block);
    size_t size = size_of(arena, slot, block);
    check_edges(arena, slot, block, size);
    lock();
    arena->last_sizes[slot] = (uint32_t) size;
    arena->sizes[slot] = 0;
    live--;
    char *pages = pages_of(arena, slot);
    /* One call for both: new, untouchable, empty pages in the old ones' place. */
    mmap(pages, arena->pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    arena->freed[(arena->oldest + arena->count++) % arena->slots] = (uint32_t) slot;
    unlock();
    errno = before;
}

void *malloc(size_t size)
{
    void *block = allocate(size, 0);
    return block != NULL ? block : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    size_t all;
    if (__builtin_mul_overflow(count, size, &all)) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = allocate(all, 1);
    return block != NULL ? block : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    if (block == NULL) {
        return malloc(size);
    }
    struct arena *arena = arena_of(block);
    if (arena == NULL) {
        return __libc_realloc(block, size);
    }
    if (size == 0) {
        free(block);
        return NULL;
    }
    size_t old = size_of(arena, slot_of(arena, block), block);
    void *moved = malloc(size);
    if (moved != NULL) {
        memcpy(moved, block, old < size ? old : size);
        free(block);
    }
    return moved;
}

void *reallocarray(void *block, size_t count, size_t size)
{
    size_t all;
    if (__builtin_mul_overflow(count, size, &all)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(block, all);
}

void *memalign(size_t alignment, size_t size)
{
    return alignment <= ALIGNMENT ? malloc(size) : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    *block = memalign(alignment, size);
    return *block == NULL ? ENOMEM : 0;
}

size_t malloc_usable_size(void *block)
{
    struct arena *arena = block == NULL ? NULL : arena_of(block);
    if (arena != NULL) {
        return size_of(arena, slot_of(arena, block), block);
    }
    size_t (*usable)(void *);
    *(void **) &usable = dlsym(RTLD_NEXT, "malloc_usable_size");
    return usable(block);
}

/* PHP lets an extension find the C library before what was loaded ahead of it; here it must not. */
void *dlopen(const char *path, int mode)
{
    void *(*open)(const char *, int);
    *(void **) &open = dlsym(RTLD_NEXT, "dlopen");
    return open(path, mode & ~RTLD_DEEPBIND);
}
