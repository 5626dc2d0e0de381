/*
 * Prints the system call filter of a process, as an array of `struct sock_filter`: seccomp-filter-of
 * PID > FILE (ptrace(2), PTRACE_SECCOMP_GET_FILTER). Floor loads the same one that Kade made.
 */
#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

int main(int argc, char **argv) {
    static struct sock_filter code[BPF_MAXINSNS];
    int process = argc == 2 ? atoi(argv[1]) : 0, status;
    if (ptrace(PTRACE_SEIZE, process, NULL, NULL) == -1 ||
        ptrace(PTRACE_INTERRUPT, process, NULL, NULL) == -1 ||
        waitpid(process, &status, __WALL) == -1) {
        fprintf(stderr, "seccomp-filter-of: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    long count = ptrace(PTRACE_SECCOMP_GET_FILTER, process, 0L, code);
    if (count == -1) {
        fprintf(stderr, "seccomp-filter-of: %s has no filter: %s\n", argv[1], strerror(errno));
        return 1;
    }
    return fwrite(code, sizeof *code, (size_t)count, stdout) == (size_t)count ? 0 : 1;
}
