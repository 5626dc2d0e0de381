/*
 * The floor: what running a program in a container costs when nothing but the kernel's work is
 * done. It does the steps of Benchmarks/runtimes.py's bundle with constants in place of
 * config.json: the same cgroup, namespaces, mounts, devices, masks, limits and capabilities, but
 * no JSON, no checks, no error texts.
 *
 *     floor run [-u CGROUP2-DIRECTORY] [-c CGROUP1-DIRECTORY]... [-s FILTER] [-b BUNDLE]
 *               [-r STATE-DIRECTORY] ROOTFS PROGRAM [ARGUMENT]...
 *
 * Each directory is made and removed again. FILTER is a file of `struct sock_filter`, as
 * seccomp-filter-of prints it. The exit code is the program's.
 *
 * Three things that no runtime can leave out are done too, as cheaply as C does them:
 * - the bundle's config.json is read (-b), though nothing is done with it;
 * - a directory and one file with what was read are made for the container's life and removed (-r):
 *   `state` and `delete` find the container by it, and config.json may change meanwhile without
 *   effect (runtime-spec, runtime.md, Lifecycle, step 2);
 * - the program leaves its writable file before a container can reach it (CVE-2019-5736): that is
 *   the runtime's own C, Sources/CEntry/entry.c, which the word `run` asks for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_CGROUPS 16
#define CAPABILITIES                                                                               \
    (1u << CAP_CHOWN | 1u << CAP_DAC_OVERRIDE | 1u << CAP_FOWNER | 1u << CAP_KILL |                \
     1u << CAP_NET_BIND_SERVICE | 1u << CAP_SETGID | 1u << CAP_SETUID | 1u << CAP_SYS_CHROOT)

static const char *cgroup2, *cgroups1[MOST_CGROUPS];
static const char *bundle, *state_directory;
static int cgroup1_count;
static char configuration[1 << 16];
static int configuration_size;
static struct sock_fprog filter;

static int check(int result, const char *what) {
    if (result == -1) {
        fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
        _exit(125);
    }
    return result;
}

static void write_file(const char *directory, const char *name, const char *text) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int file = check(open(path, O_WRONLY | O_CLOEXEC), path);
    check((int)write(file, text, strlen(text)), path);
    close(file);
}

static void read_configuration(void) {
    char path[4096];
    snprintf(path, sizeof path, "%s/config.json", bundle);
    int file = check(open(path, O_RDONLY | O_CLOEXEC), path);
    configuration_size = check((int)read(file, configuration, sizeof configuration), path);
    close(file);
}

static void make_state(void) {
    char path[4096];
    check(mkdir(state_directory, 0700), state_directory);
    snprintf(path, sizeof path, "%s/state", state_directory);
    int file = check(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), path);
    check((int)write(file, configuration, (size_t)configuration_size), path);
    close(file);
}

static void remove_state(void) {
    char path[4096];
    snprintf(path, sizeof path, "%s/state", state_directory);
    check(unlink(path), path);
    check(rmdir(state_directory), state_directory);
}

#define LOAD(to, at) {.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = to, .src_reg = 1, .off = at}
#define WITH(operation, to, value) {.code = operation | BPF_K, .dst_reg = to, .imm = value}
#define IF(test, of, value, skip)                                                                  \
    {.code = BPF_JMP | test | BPF_K, .dst_reg = of, .off = skip, .imm = value}
#define EXIT {.code = BPF_JMP | BPF_EXIT}

/* Lets the cgroup use the devices that every container has, and make nodes. */
static void limit_devices(int cgroup) {
    struct bpf_insn code[] = {
        LOAD(2, 0), LOAD(3, 0), LOAD(4, 4), LOAD(5, 8), /* access and kind, major, minor */
        WITH(BPF_ALU | BPF_RSH, 3, 16),
        WITH(BPF_ALU | BPF_AND, 2, 0xffff),
        IF(BPF_JNE, 2, BPF_DEVCG_DEV_CHAR, 10),
        IF(BPF_JEQ, 4, 136, 11),
        IF(BPF_JNE, 4, 5, 2),
        IF(BPF_JEQ, 5, 0, 9), IF(BPF_JEQ, 5, 2, 8),
        IF(BPF_JNE, 4, 1, 5),
        IF(BPF_JEQ, 5, 3, 6), IF(BPF_JEQ, 5, 5, 5), IF(BPF_JEQ, 5, 7, 4), IF(BPF_JEQ, 5, 8, 3),
        IF(BPF_JEQ, 5, 9, 2),
        WITH(BPF_ALU | BPF_AND, 3, BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE),
        IF(BPF_JNE, 3, 0, 2),
        WITH(BPF_ALU64 | BPF_MOV, 0, 1), EXIT, /* allowed */
        WITH(BPF_ALU64 | BPF_MOV, 0, 0), EXIT, /* denied */
    };
    union bpf_attr load = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
                           .insns = (uintptr_t)code,
                           .insn_cnt = sizeof code / sizeof *code,
                           .license = (uintptr_t) "Apache"};
    int program = check((int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load), "bpf load");
    union bpf_attr attach = {.target_fd = (unsigned)cgroup,
                             .attach_bpf_fd = (unsigned)program,
                             .attach_type = BPF_CGROUP_DEVICE,
                             .attach_flags = BPF_F_ALLOW_MULTI};
    check((int)syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach), "bpf attach");
    close(program);
}

/* Returns the directory that the program is born into, or -1. */
static int make_cgroups(void) {
    int born = -1;
    if (cgroup2) {
        check(mkdir(cgroup2, 0755), cgroup2);
        born = check(open(cgroup2, O_RDONLY | O_DIRECTORY | O_CLOEXEC), cgroup2);
        limit_devices(born);
    }
    for (int i = 0; i < cgroup1_count; i++) {
        check(mkdir(cgroups1[i], 0755), cgroups1[i]);
        char buffer[256];
        if (strstr(cgroups1[i], "/cpuset/")) {
            static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
            for (int j = 0; j < 2; j++) {
                char path[4096];
                snprintf(path, sizeof path, "%s/../%s", cgroups1[i], files[j]);
                int file = check(open(path, O_RDONLY | O_CLOEXEC), path);
                int count = check((int)read(file, buffer, sizeof buffer - 1), path);
                buffer[count] = 0;
                close(file);
                write_file(cgroups1[i], files[j], buffer);
            }
        }
        if (strstr(cgroups1[i], "/devices/")) {
            static const char *const allowed[] = {
                "c *:* m",   "b *:* m",   "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm",
                "c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:2 rwm", "c 136:* rwm"};
            write_file(cgroups1[i], "devices.deny", "a");
            for (size_t j = 0; j < sizeof allowed / sizeof *allowed; j++)
                write_file(cgroups1[i], "devices.allow", allowed[j]);
        }
    }
    return born;
}

static void remove_cgroups(void) {
    if (cgroup2) check(rmdir(cgroup2), cgroup2);
    for (int i = 0; i < cgroup1_count; i++) check(rmdir(cgroups1[i]), cgroups1[i]);
}

static void raise_loopback(void) {
    int socket_ = check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    check(ioctl(socket_, SIOCSIFFLAGS, &request), "lo up");
    close(socket_);
}

static void make_mounts(const char *rootfs) {
    check(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "make / a slave");
    check(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL), "bind rootfs");
    check(chdir(rootfs), rootfs);
    const unsigned long strict = MS_NOSUID | MS_NOEXEC | MS_NODEV;
    check(mount("proc", "proc", "proc", 0, NULL), "proc");
    check(mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"),
          "dev");
    check(mkdir("dev/pts", 0755), "dev/pts");
    check(mkdir("dev/shm", 0755), "dev/shm");
    check(mkdir("dev/mqueue", 0755), "dev/mqueue");
    check(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
                "newinstance,ptmxmode=0666,mode=0620,gid=5"),
          "dev/pts");
    check(mount("shm", "dev/shm", "tmpfs", strict, "mode=1777,size=65536k"), "dev/shm");
    check(mount("mqueue", "dev/mqueue", "mqueue", strict, NULL), "dev/mqueue");
    check(mount("sysfs", "sys", "sysfs", strict | MS_RDONLY, NULL), "sys");
}

static void make_devices(void) {
    static const struct {
        const char *name;
        unsigned major, minor;
    } nodes[] = {{"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
                 {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0}};
    static const char *const links[][2] = {{"/proc/self/fd", "dev/fd"},
                                           {"/proc/self/fd/0", "dev/stdin"},
                                           {"/proc/self/fd/1", "dev/stdout"},
                                           {"/proc/self/fd/2", "dev/stderr"},
                                           {"/proc/kcore", "dev/core"},
                                           {"pts/ptmx", "dev/ptmx"}};
    umask(0);
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
        check(mknod(nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)),
              nodes[i].name);
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        check(symlink(links[i][0], links[i][1]), links[i][1]);
    umask(022);
}

static void enter_root(void) {
    int old = check(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "/");
    check((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
    check(fchdir(old), "old root");
    check(mount(NULL, ".", NULL, MS_REC | MS_SLAVE, NULL), "make the old root a slave");
    check(umount2(".", MNT_DETACH), "umount the old root");
    check(chdir("/"), "/");
    close(old);
    check(sethostname("bench", 5), "sethostname");
}

static void seal(void) {
    static const char *const readonly[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                           "/proc/sysrq-trigger"};
    static const char *const masked[] = {
        "/proc/acpi",        "/proc/asound",      "/proc/kcore",       "/proc/keys",
        "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
        "/sys/firmware",     "/proc/scsi"};
    struct mount_attr attribute = {.attr_set = MOUNT_ATTR_RDONLY};
    check((int)syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &attribute, sizeof attribute), "/ ro");
    for (size_t i = 0; i < sizeof readonly / sizeof *readonly; i++) {
        int tree = (int)syscall(SYS_open_tree, AT_FDCWD, readonly[i],
                                OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
        if (tree < 0) continue;
        check((int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attribute,
                           sizeof attribute),
              "ro");
        check((int)syscall(SYS_move_mount, tree, "", AT_FDCWD, readonly[i],
                           MOVE_MOUNT_F_EMPTY_PATH),
              "move ro");
        close(tree);
    }
    int cover = -1;
    for (size_t i = 0; i < sizeof masked / sizeof *masked; i++) {
        struct stat status;
        if (stat(masked[i], &status) != 0) continue;
        if (!S_ISDIR(status.st_mode)) {
            check(mount("/dev/null", masked[i], NULL, MS_BIND, NULL), masked[i]);
        } else if (cover < 0) {
            check(mount("tmpfs", masked[i], "tmpfs", MS_RDONLY | MS_NOSUID, "size=0k"), masked[i]);
            cover = open(masked[i], O_PATH | O_CLOEXEC);
        } else {
            int tree = check((int)syscall(SYS_open_tree, cover, "",
                                          OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH),
                             "clone the cover");
            check((int)syscall(SYS_move_mount, tree, "", AT_FDCWD, masked[i],
                               MOVE_MOUNT_F_EMPTY_PATH),
                  masked[i]);
            close(tree);
        }
    }
}

static void drop_privileges(void) {
    check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
    struct rlimit limit = {1024, 1024};
    check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
    for (int i = 0; i <= 63; i++)
        if (i > 31 || !(CAPABILITIES >> i & 1))
            if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) != 0) break;
    check((int)syscall(SYS_setgroups, 0, NULL), "setgroups");
    check((int)syscall(SYS_setresgid, 0, 0, 0), "setresgid");
    check((int)syscall(SYS_setresuid, 0, 0, 0), "setresuid");
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{CAPABILITIES, CAPABILITIES, 0}};
    check((int)syscall(SYS_capset, &header, data), "capset");
}

static struct sock_fprog read_filter(const char *path) {
    static struct sock_filter code[BPF_MAXINSNS];
    int file = check(open(path, O_RDONLY | O_CLOEXEC), path);
    int size = check((int)read(file, code, sizeof code), path);
    close(file);
    return (struct sock_fprog){(unsigned short)(size / (int)sizeof *code), code};
}

static void load_filter(void) {
    check((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter), "seccomp");
}

static void become(const char *rootfs, char **program) {
    for (int i = 0; i < cgroup1_count; i++) write_file(cgroups1[i], "tasks", "0");
    check(setsid(), "setsid");
    check((int)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "_ses.floor"), "keyctl");
    raise_loopback();
    make_mounts(rootfs);
    make_devices();
    enter_root();
    seal();
    drop_privileges();
    if (filter.len) load_filter();
    char *environment[] = {"PATH=/bin", "HOME=/", NULL};
    execve(program[0], program, environment);
    check(-1, program[0]);
}

int main(int argc, char **argv) {
    int option;
    if (argc < 2 || strcmp(argv[1], "run") != 0) return 125;
    optind = 2;
    while ((option = getopt(argc, argv, "+b:c:r:u:s:")) != -1) {
        if (option == 'c' && cgroup1_count < MOST_CGROUPS) cgroups1[cgroup1_count++] = optarg;
        else if (option == 'u') cgroup2 = optarg;
        else if (option == 'b') bundle = optarg;
        else if (option == 'r') state_directory = optarg;
        else if (option == 's') filter = read_filter(optarg);
        else return 125;
    }
    if (argc - optind < 2) return 125;
    if (bundle) read_configuration();
    if (state_directory) make_state();
    int born = make_cgroups();
    int pidfd = -1;
    struct clone_args arguments = {
        .flags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS |
                 CLONE_PIDFD | (born >= 0 ? CLONE_INTO_CGROUP : 0),
        .pidfd = (uintptr_t)&pidfd,
        .exit_signal = SIGCHLD,
        .cgroup = born >= 0 ? (unsigned)born : 0};
    int child = check((int)syscall(SYS_clone3, &arguments, sizeof arguments), "clone3");
    if (child == 0) become(argv[optind], argv + optind + 1);
    int status;
    check(waitpid(child, &status, 0), "waitpid");
    remove_cgroups();
    if (state_directory) remove_state();
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
