// The program's first instructions, before the C library's `_start`.
//
// A container must not be able to write to the runtime's file (CVE-2019-5736): while a process of
// the container still is the runtime, `/proc/<pid>/exe` leads to it, and `#!/proc/self/exe` has the
// kernel execute it inside. So the process has to come from a clone of the file's mount that is
// read-only. Executing the program again from there costs a whole start. Here, where nothing has
// been written to memory yet, it is enough to do once more what the kernel's loader did: map the
// segments, now from the clone, and tell the kernel that the clone is what is executed
// (PR_SET_MM_EXE_FILE, which refuses as long as anything of the old file is mapped).
//
// This is only the fast way. Sources/runtime/SelfProtection.swift checks that the program is on a
// read-only mount, whatever happened here, and executes it again where it is not: so a refusal has
// no consequence here but the time.
//
// Nothing of the C library may be called: it has not been set up. That goes for the calls that a
// compiler makes of its own accord, too (memset for an initializer, strlen for a loop): hence the
// assignments, and `volatile`.
#define _GNU_SOURCE
#include "CEntry.h"

#if defined(__x86_64__)

#include <elf.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

__asm__(".text\n"
        ".globl kade_entry\n"
        ".type kade_entry, @function\n"
        "kade_entry:\n"
        "    xor %ebp, %ebp\n"
        "    mov %rdx, %r12\n" // what _start wants to find there
        "    mov %rsp, %rdi\n"
        "    call kade_protect\n"
        "    mov %r12, %rdx\n"
        "    jmp _start\n"
        ".size kade_entry, . - kade_entry\n");

static inline long call(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static int equal(const volatile char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}

// Whether the command starts a process inside a container. A wrong "no" costs a second start.
static int needs_protection(char **arguments) {
    static const char commands[][8] = {"run", "create", "exec", "restore", "monitor"};
    if (!*arguments) return 0;
    for (char **word = arguments + 1; *word; word++)
        for (unsigned i = 0; i < sizeof commands / sizeof *commands; i++)
            if (equal(*word, commands[i])) return 1;
    return 0;
}

// A read-only clone of the mount that holds the program, or a negative number.
static long clone_own_file(void) {
    long program = call(SYS_open, (long)"/proc/self/exe", O_PATH | O_CLOEXEC, 0, 0, 0, 0);
    if (program < 0) return program;
    struct statfs status;
    long clone = -1;
    // ST_RDONLY: it is on such a mount already.
    if (call(SYS_fstatfs, program, (long)&status, 0, 0, 0, 0) == 0 && !(status.f_flags & 1))
        clone = call(SYS_open_tree, program, (long)"",
                     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH, 0, 0, 0);
    call(SYS_close, program, 0, 0, 0, 0, 0);
    if (clone < 0) return clone;
    struct mount_attr change;
    change.attr_set = MOUNT_ATTR_RDONLY;
    change.attr_clr = 0;
    change.propagation = MS_PRIVATE;
    change.userns_fd = 0;
    if (call(SYS_mount_setattr, clone, (long)"", AT_EMPTY_PATH, (long)&change, sizeof change, 0) ==
        0)
        return clone;
    call(SYS_close, clone, 0, 0, 0, 0, 0);
    return -1;
}

// Opens for reading what is open with O_PATH only.
static long reopen(long descriptor) {
    static const char prefix[] = "/proc/self/fd/";
    volatile char path[sizeof prefix + 20];
    volatile char *end = path;
    for (const char *next = prefix; *next; next++) *end++ = *next;
    long unit = 1;
    while (descriptor / unit >= 10) unit *= 10;
    for (; unit > 0; unit /= 10) *end++ = (char)('0' + descriptor / unit % 10);
    *end = 0;
    return call(SYS_open, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0, 0);
}

// Maps the program's segments from a file, over those that are there.
static int map_segments(const Elf64_Ehdr *header, long file) {
    const Elf64_Phdr *segment = (const Elf64_Phdr *)((const char *)header + header->e_phoff);
    for (int i = 0; i < header->e_phnum; i++, segment++) {
        if (segment->p_type != PT_LOAD) continue;
        unsigned long within = segment->p_vaddr & 4095;
        int access = (segment->p_flags & PF_R ? PROT_READ : 0) |
                     (segment->p_flags & PF_W ? PROT_WRITE : 0) |
                     (segment->p_flags & PF_X ? PROT_EXEC : 0);
        long start = segment->p_vaddr - within;
        if (call(SYS_mmap, start, segment->p_filesz + within, access, MAP_PRIVATE | MAP_FIXED, file,
                 segment->p_offset - within) != start)
            return 0;
        if (segment->p_memsz == segment->p_filesz) continue;
        // The rest of the last page is no longer the file's.
        volatile char *zero = (volatile char *)(segment->p_vaddr + segment->p_filesz);
        while ((unsigned long)zero & 4095) *zero++ = 0;
    }
    return 1;
}

static uint64_t end_of(const volatile char *text) {
    while (*text) text++;
    return (uint64_t)text + 1;
}

// What the kernel knows of the program's memory, as its loader has just set it, with another file.
//
// PR_SET_MM_EXE_FILE alone would want CAP_SYS_RESOURCE; this wants CAP_SYS_ADMIN, as a mount does.
static void set_own_file(const Elf64_Ehdr *header, long *stack, long file) {
    const Elf64_Phdr *segment = (const Elf64_Phdr *)((const char *)header + header->e_phoff);
    struct prctl_mm_map map;
    map.start_code = ~0ul;
    map.end_code = map.start_data = map.end_data = 0;
    for (int i = 0; i < header->e_phnum; i++, segment++) {
        if (segment->p_type != PT_LOAD) continue;
        unsigned long start = segment->p_vaddr, end = start + segment->p_filesz;
        int is_code = segment->p_flags & PF_X;
        if (is_code && start < map.start_code) map.start_code = start;
        if (is_code && end > map.end_code) map.end_code = end;
        if (start > map.start_data) map.start_data = start;
        if (end > map.end_data) map.end_data = end;
    }
    map.start_brk = map.brk = (uint64_t)call(SYS_brk, 0, 0, 0, 0, 0, 0);
    map.start_stack = (uint64_t)stack;
    // The texts lie behind each other, first the arguments, then the environment.
    char **arguments = (char **)(stack + 1), **environment = arguments + stack[0] + 1;
    map.arg_start = (uint64_t)arguments[0];
    map.arg_end = map.env_start = end_of(arguments[stack[0] - 1]);
    map.env_end = map.env_start;
    for (; *environment; environment++) map.env_end = end_of(*environment);
    map.auxv = 0;
    map.auxv_size = 0;
    map.exe_fd = (uint32_t)file;
    call(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, (long)&map, sizeof map, 0, 0);
}

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

// Leaves the process where it is when something is not as expected.
__attribute__((used, no_stack_protector)) void kade_protect(long *stack) {
    char **arguments = (char **)(stack + 1);
    if (__ehdr_start.e_type != ET_EXEC || !needs_protection(arguments)) return;
    long clone = clone_own_file();
    if (clone < 0) return;
    long file = reopen(clone);
    if (file >= 0 && map_segments(&__ehdr_start, file)) set_own_file(&__ehdr_start, stack, file);
    if (file >= 0) call(SYS_close, file, 0, 0, 0, 0, 0);
    call(SYS_close, clone, 0, 0, 0, 0, 0);
}

#endif
