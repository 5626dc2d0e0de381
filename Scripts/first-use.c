/*
 * Runs a program with a breakpoint at each of its functions, and at those of the processes that it
 * makes, until it ends or they execute another one. Writes the functions' addresses in the order of
 * their first use, and, to OUTPUT.memory, what is in its memory between two addresses at the end.
 *
 *     first-use OUTPUT FUNCTIONS FIRST-ADDRESS END-ADDRESS PROGRAM [ARGUMENT]...
 *
 * FUNCTIONS is a file of addresses, one a line. The program lies at fixed addresses.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT (64ul << 20)
#define BREAKPOINT 0xcc

static unsigned char is_function[LIMIT], original[LIMIT], is_seen[LIMIT];

static int open_memory(int process, int flags) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", process);
    return open(path, flags);
}

static void save_memory(int process, const char *name, unsigned long start, unsigned long end) {
    char path[4096];
    snprintf(path, sizeof path, "%s.memory", name);
    FILE *output = fopen(path, "w");
    int memory = open_memory(process, O_RDONLY);
    static char page[4096];
    while (output && start < end && pread(memory, page, sizeof page, (off_t)start) > 0) {
        fwrite(page, 1, end - start < sizeof page ? end - start : sizeof page, output);
        start += sizeof page;
    }
    if (memory >= 0) close(memory);
    if (output) fclose(output);
}

/* Puts a breakpoint at each function. */
static int set_breakpoints(int process, const char *list) {
    FILE *functions = fopen(list, "r");
    int memory = open_memory(process, O_RDWR);
    unsigned long address;
    while (functions && fscanf(functions, "%lx", &address) == 1) {
        if (address >= LIMIT || is_function[address]) continue;
        if (pread(memory, original + address, 1, (off_t)address) != 1) continue;
        unsigned char code = BREAKPOINT;
        if (pwrite(memory, &code, 1, (off_t)address) == 1) is_function[address] = 1;
    }
    if (memory >= 0) close(memory);
    return functions && fclose(functions) == 0;
}

/* Whether the process has stopped at a function: takes the breakpoint away and notes the first use. */
static int is_at_function(int process, FILE *output) {
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, process, NULL, &registers) != 0) return 0;
    unsigned long address = registers.rip - 1;
    if (address >= LIMIT || !is_function[address]) return 0;
    int memory = open_memory(process, O_RDWR);
    if (pwrite(memory, original + address, 1, (off_t)address) != 1) return 0;
    close(memory);
    registers.rip = address;
    ptrace(PTRACE_SETREGS, process, NULL, &registers);
    if (!is_seen[address]) fprintf(output, "%lx\n", address);
    is_seen[address] = 1;
    return 1;
}

int main(int argc, char **argv) {
    if (argc < 6) return 2;
    unsigned long start = strtoul(argv[3], NULL, 16), end = strtoul(argv[4], NULL, 16);
    FILE *output = fopen(argv[1], "w");
    if (!output) return perror(argv[1]), 1;
    int first = fork(), status;
    if (first == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        execv(argv[5], argv + 5);
        _exit(127);
    }
    waitpid(first, &status, 0);
    if (WIFEXITED(status)) return fprintf(stderr, "cannot execute %s\n", argv[5]), 1;
    if (!set_breakpoints(first, argv[2])) return perror(argv[2]), 1;
    ptrace(PTRACE_SETOPTIONS, first, NULL,
           PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC |
               PTRACE_O_TRACEEXIT);
    ptrace(PTRACE_CONT, first, NULL, NULL);
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
        /* A new process begins with a SIGSTOP that nobody sent. */
        int is_ours = event || stop == SIGSTOP || (stop == SIGTRAP && is_at_function(process, output));
        ptrace(PTRACE_CONT, process, NULL, is_ours ? 0 : stop);
    }
    return fclose(output) == 0 ? code : 1;
}
