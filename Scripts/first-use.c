/*
 * Runs a program one instruction at a time, with the processes that it makes, until it ends or they
 * execute another one. Writes the addresses at which it has been, in the order of first use and to a
 * multiple of 16, and, to OUTPUT.memory, what is in its memory between two addresses at the end.
 *
 *     first-use OUTPUT FIRST-ADDRESS END-ADDRESS PROGRAM [ARGUMENT]...
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT (64ul << 20) /* the program lies at fixed addresses below this one */

static void save_memory(int process, const char *name, unsigned long start, unsigned long end) {
    char path[4096];
    snprintf(path, sizeof path, "%s.memory", name);
    FILE *output = fopen(path, "w");
    snprintf(path, sizeof path, "/proc/%d/mem", process);
    int memory = open(path, O_RDONLY);
    static char page[4096];
    while (output && start < end && pread(memory, page, sizeof page, (off_t)start) > 0) {
        fwrite(page, 1, end - start < sizeof page ? end - start : sizeof page, output);
        start += sizeof page;
    }
    if (memory >= 0) close(memory);
    if (output) fclose(output);
}

int main(int argc, char **argv) {
    static unsigned char seen[LIMIT >> 4];
    if (argc < 5) return 2;
    unsigned long start = strtoul(argv[2], NULL, 16), end = strtoul(argv[3], NULL, 16);
    FILE *output = fopen(argv[1], "w");
    if (!output) return perror(argv[1]), 1;
    int first = fork(), status;
    if (first == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        execv(argv[4], argv + 4);
        _exit(127);
    }
    waitpid(first, &status, 0);
    if (WIFEXITED(status)) return fprintf(stderr, "cannot execute %s\n", argv[4]), 1;
    ptrace(PTRACE_SETOPTIONS, first, NULL,
           PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC |
               PTRACE_O_TRACEEXIT);
    ptrace(PTRACE_SINGLESTEP, first, NULL, NULL);
    int process, code = 1;
    while ((process = waitpid(-1, &status, __WALL)) > 0) {
        if (!WIFSTOPPED(status)) {
            if (process != first) continue;
            code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
            break;
        }
        int stop = WSTOPSIG(status), event = status >> 16;
        if (event == PTRACE_EVENT_EXEC) {
            ptrace(PTRACE_DETACH, process, NULL, NULL);
            continue;
        }
        if (event == PTRACE_EVENT_EXIT && process == first)
            save_memory(process, argv[1], start, end);
        struct user_regs_struct registers;
        if (stop == SIGTRAP && !event &&
            ptrace(PTRACE_GETREGS, process, NULL, &registers) == 0 && registers.rip < LIMIT &&
            !seen[registers.rip >> 4]) {
            seen[registers.rip >> 4] = 1;
            fprintf(output, "%llx\n", registers.rip & ~15ull);
        }
        int is_ours = stop == SIGTRAP || stop == SIGSTOP;
        ptrace(PTRACE_SINGLESTEP, process, NULL, is_ours ? 0 : stop);
    }
    return fclose(output) == 0 ? code : 1;
}
