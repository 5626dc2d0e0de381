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
 * What no runtime may leave out is done too, as cheaply as C does it:
 * - the bundle's config.json is read (-b), though nothing is done with it;
 * - a directory and one file with what was read, init's number and the time of its start are made
 *   for the container's life, whole or not at all, and removed (-r): `state` and `delete` find the
 *   container by it, and config.json may change meanwhile without effect (runtime-spec, runtime.md,
 *   Lifecycle, step 2);
 * - the program leaves its writable file before a container can reach it (CVE-2019-5736): that is
 *   the runtime's own C, Sources/CEntry/entry.c, which the word `run` asks for;
 * - a path in the rootfs is opened beneath it, once, and used by its descriptor (CVE-2021-30465,
 *   CVE-2025-31133, CVE-2025-52565); /proc and /sys are no links (CVE-2019-16884);
 * - no descriptor of the host's and no directory outside is left to the program (CVE-2024-21626),
 *   nor the host's /dev/null;
 * - what fails in init is told by the runtime, and init goes on when the container is recorded;
 * - signals are passed on to the program, which finds HOME as its user's line has it.
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
#include <linux/openat2.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
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

static int runtime_socket = -1; /* init's end */

static int check(int result, const char *what) {
    if (result == -1) {
        char text[4096];
        int size = snprintf(text, sizeof text, "floor: %s: %s\n", what, strerror(errno));
        if (runtime_socket < 0 || send(runtime_socket, text, (size_t)size, MSG_NOSIGNAL) < 0)
            fputs(text, stderr);
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

static void make_state(void) { check(mkdir(state_directory, 0700), state_directory); }

/* Keeps what was read, and which process is meant by init's number. */
static void save_state(int child) {
    char path[4096], draft[4096], status[4096];
    snprintf(path, sizeof path, "/proc/%d/stat", child);
    int file = check(open(path, O_RDONLY | O_CLOEXEC), path);
    int size = check((int)read(file, status, sizeof status), path);
    close(file);
    snprintf(draft, sizeof draft, "%s/.state", state_directory);
    file = check(open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), draft);
    struct iovec parts[] = {{configuration, (size_t)configuration_size}, {status, (size_t)size}};
    check((int)writev(file, parts, 2), draft);
    close(file);
    snprintf(path, sizeof path, "%s/state", state_directory);
    check(rename(draft, path), path);
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

/* Opens a path of the container's, as the container would. */
static int within(int root, const char *path, int flags) {
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

/* Mounts what a descriptor is of at another, and closes both. */
static void attach(int mount_, int at, const char *path) {
    check((int)syscall(SYS_move_mount, mount_, "", at, "",
                       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH),
          path);
    close(mount_);
    close(at);
}

/* A file system that nobody sees yet; options are pairs, a flag's value is NULL. */
static int new_mount(const char *kind, unsigned attributes, const char *const (*options)[2]) {
    int context = check((int)syscall(SYS_fsopen, kind, FSOPEN_CLOEXEC), kind);
    check((int)syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "source", kind, 0), kind);
    for (; options && (*options)[0]; options++)
        check((int)syscall(SYS_fsconfig, context,
                           (*options)[1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, (*options)[0],
                           (*options)[1], 0),
              (*options)[0]);
    check((int)syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0), kind);
    int made = check((int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes), kind);
    close(context);
    return made;
}

static int copied(int tree, unsigned recursively) {
    return check((int)syscall(SYS_open_tree, tree, "",
                              OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | recursively),
                 "open_tree");
}

/* A directory below /dev, which is made. */
static int made_directory(int root, const char *name) {
    int dev = check(within(root, "/dev", O_PATH | O_DIRECTORY), "/dev");
    check(mkdirat(dev, name, 0755), name);
    int made = check(openat(dev, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), name);
    close(dev);
    return made;
}

/* A directory that no link may stand for. */
static int real_directory(int root, const char *path) {
    return check(within(root, path, O_PATH | O_DIRECTORY | O_NOFOLLOW), path);
}

/* Returns the container's root. */
static int make_mounts(const char *rootfs) {
    const unsigned strict = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV;
    static const char *const devices[][2] = {{"mode", "755"}, {"size", "65536k"}, {NULL, NULL}};
    static const char *const terminals[][2] = {
        {"newinstance", NULL}, {"ptmxmode", "0666"}, {"mode", "0620"}, {"gid", "5"}, {NULL, NULL}};
    static const char *const shared[][2] = {{"mode", "1777"}, {"size", "65536k"}, {NULL, NULL}};
    check(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "make / a slave");
    int host = check(open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC), rootfs);
    int root = copied(host, AT_RECURSIVE);
    check((int)syscall(SYS_move_mount, root, "", host, "",
                       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH),
          rootfs);
    close(host);
    attach(new_mount("proc", 0, NULL), real_directory(root, "/proc"), "/proc");
    attach(new_mount("tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME, devices),
           check(within(root, "/dev", O_PATH | O_DIRECTORY), "/dev"), "/dev");
    attach(new_mount("devpts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, terminals),
           made_directory(root, "pts"), "/dev/pts");
    attach(new_mount("tmpfs", strict, shared), made_directory(root, "shm"), "/dev/shm");
    attach(new_mount("mqueue", strict, NULL), made_directory(root, "mqueue"), "/dev/mqueue");
    attach(new_mount("sysfs", strict | MOUNT_ATTR_RDONLY, NULL), real_directory(root, "/sys"),
           "/sys");
    return root;
}

static void make_devices(int root) {
    static const struct {
        const char *name;
        unsigned major, minor;
    } nodes[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
                 {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
    static const char *const links[][2] = {{"/proc/self/fd", "fd"},
                                           {"/proc/self/fd/0", "stdin"},
                                           {"/proc/self/fd/1", "stdout"},
                                           {"/proc/self/fd/2", "stderr"},
                                           {"pts/ptmx", "ptmx"}};
    int dev = check(within(root, "/dev", O_PATH | O_DIRECTORY), "/dev");
    umask(0);
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
        check(mknodat(dev, nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)),
              nodes[i].name);
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        check(symlinkat(links[i][0], dev, links[i][1]), links[i][1]);
    umask(022);
    close(dev);
}

static void enter_root(int root) {
    char directory[4096];
    int old = check(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "/");
    check(fchdir(root), "rootfs");
    check((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
    check(fchdir(old), "old root");
    check(umount2(".", MNT_DETACH), "umount the old root");
    check(chdir("/"), "/");
    close(old);
    check(sethostname("bench", 5), "sethostname");
    if (!getcwd(directory, sizeof directory) || *directory != '/') check(-1, "getcwd");
}

static void make_readonly(int root, const char *path) {
    struct mount_attr attribute = {.attr_set = MOUNT_ATTR_RDONLY};
    int at = within(root, path, O_PATH);
    if (at < 0) return;
    int tree = copied(at, AT_RECURSIVE);
    check((int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attribute,
                       sizeof attribute),
          path);
    attach(tree, at, path);
}

/* Covers a path: with /dev/null, or with one empty directory for all. */
static void mask(int root, const char *path, int null, int *cover) {
    static const char *const empty[][2] = {{"nr_blocks", "1"}, {"nr_inodes", "1"}, {NULL, NULL}};
    struct stat status;
    int at = within(root, path, O_PATH);
    if (at < 0) return;
    check(fstat(at, &status), path);
    if (!S_ISDIR(status.st_mode)) {
        attach(copied(null, 0), at, path);
        return;
    }
    if (*cover < 0)
        *cover = new_mount("tmpfs", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, empty);
    attach(copied(*cover, 0), at, path);
}

/* The container's /dev/null, which nothing else may stand for. */
static int open_null(int root, int flags) {
    struct stat status;
    int null = check(within(root, "/dev/null", flags | O_NOFOLLOW), "/dev/null");
    check(fstat(null, &status), "/dev/null");
    if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3)) check(-1, "/dev/null");
    return null;
}

static void seal(int root) {
    static const char *const readonly[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                           "/proc/sysrq-trigger"};
    static const char *const masked[] = {
        "/proc/acpi",        "/proc/asound",      "/proc/kcore",       "/proc/keys",
        "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
        "/sys/firmware",     "/proc/scsi"};
    struct mount_attr attribute = {.attr_set = MOUNT_ATTR_RDONLY};
    check((int)syscall(SYS_mount_setattr, root, "", AT_EMPTY_PATH, &attribute, sizeof attribute),
          "/ ro");
    for (size_t i = 0; i < sizeof readonly / sizeof *readonly; i++)
        make_readonly(root, readonly[i]);
    int cover = -1, null = open_null(root, O_PATH);
    for (size_t i = 0; i < sizeof masked / sizeof *masked; i++)
        mask(root, masked[i], null, &cover);
    close(null);
    if (cover >= 0) close(cover);
}

/* Gives the program the container's /dev/null where it would inherit the host's. */
static void replace_null(int root) {
    for (int stream = 0; stream < 3; stream++) {
        struct stat status;
        if (fstat(stream, &status) != 0 || !S_ISCHR(status.st_mode) ||
            status.st_rdev != makedev(1, 3))
            continue;
        int null = open_null(root, O_RDWR);
        check(dup3(null, stream, 0), "dup3");
        close(null);
    }
}

/* HOME is what the container's own file says of user 0. */
static void find_home(int root, char *home, size_t size) {
    char text[16384];
    snprintf(home, size, "HOME=/");
    int file = within(root, "/etc/passwd", O_RDONLY | O_NOCTTY | O_NONBLOCK);
    if (file < 0) return;
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    if (count <= 0) return;
    text[count] = 0;
    for (char *line = text, *end; line && *line; line = end) {
        if ((end = strchr(line, '\n'))) *end++ = 0;
        unsigned user;
        char found[4096];
        if (sscanf(line, "%*[^:]:%*[^:]:%u:%*[^:]:%*[^:]:%4095[^:]", &user, found) == 2 && !user) {
            snprintf(home, size, "HOME=%s", found);
            return;
        }
    }
}

static void drop_privileges(int root) {
    check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
    struct rlimit limit = {1024, 1024};
    check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
    for (int i = 0; i <= 63; i++)
        if (i > 31 || !(CAPABILITIES >> i & 1))
            if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) != 0) break;
    replace_null(root);
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

static void wait_for_start(void) {
    char message;
    check((int)send(runtime_socket, "r", 1, MSG_NOSIGNAL), "ready");
    if (check((int)recv(runtime_socket, &message, 1, 0), "start") == 0) _exit(125);
}

static void become(const char *rootfs, char **program) {
    char home[4200];
    sigset_t none;
    sigemptyset(&none);
    check((int)syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC), "close_range");
    check(sigprocmask(SIG_SETMASK, &none, NULL), "sigprocmask");
    umask(022);
    for (int i = 0; i < cgroup1_count; i++) write_file(cgroups1[i], "tasks", "0");
    check(setsid(), "setsid");
    check((int)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "_ses.floor"), "keyctl");
    raise_loopback();
    int root = make_mounts(rootfs);
    make_devices(root);
    check(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "not dumpable");
    enter_root(root);
    seal(root);
    drop_privileges(root);
    find_home(root, home, sizeof home);
    wait_for_start();
    if (filter.len) load_filter();
    char *environment[] = {"PATH=/bin", home, NULL};
    execve(program[0], program, environment);
    check(-1, program[0]);
}

/* Lets init go on once it is ready; its end of the socket closes when the program runs. */
static void start(int init, int child) {
    char text[4096];
    if (state_directory) save_state(child);
    check((int)send(init, "s", 1, MSG_NOSIGNAL), "start");
    while (1) {
        int size = check((int)recv(init, text, sizeof text, 0), "init");
        if (size == 0) break;
        if (size == 1) continue; /* ready */
        fwrite(text, 1, (size_t)size, stderr);
        _exit(125);
    }
    close(init);
}

/* Passes signals on until the program has ended. */
static int wait_for_end(int pidfd, int signals) {
    struct pollfd watched[] = {{.fd = pidfd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    siginfo_t end;
    while (1) {
        check(poll(watched, 2, -1), "poll");
        if (watched[0].revents) break;
        struct signalfd_siginfo arrival;
        while (read(signals, &arrival, sizeof arrival) == sizeof arrival)
            if (arrival.ssi_signo != SIGCHLD)
                syscall(SYS_pidfd_send_signal, pidfd, arrival.ssi_signo, NULL, 0);
    }
    check(waitid(P_PIDFD, (id_t)pidfd, &end, WEXITED), "waitid");
    return end.si_code == CLD_EXITED ? end.si_status : 128 + end.si_status;
}

/* Blocks what is passed on, so that none is lost before there is a program. */
static int watch_signals(void) {
    static const int own[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};
    sigset_t mask;
    sigfillset(&mask);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&mask, own[i]);
    check(sigprocmask(SIG_SETMASK, &mask, NULL), "sigprocmask");
    check(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "subreaper");
    return check(signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
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
    int signals = watch_signals();
    if (state_directory) make_state();
    int born = make_cgroups();
    int pidfd = -1, ends[2];
    check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair");
    struct clone_args arguments = {
        .flags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS |
                 CLONE_PIDFD | (born >= 0 ? CLONE_INTO_CGROUP : 0),
        .pidfd = (uintptr_t)&pidfd,
        .exit_signal = SIGCHLD,
        .cgroup = born >= 0 ? (unsigned)born : 0};
    int child = check((int)syscall(SYS_clone3, &arguments, sizeof arguments), "clone3");
    if (child == 0) {
        close(ends[0]);
        runtime_socket = ends[1];
        become(argv[optind], argv + optind + 1);
    }
    close(ends[1]);
    start(ends[0], child);
    int code = wait_for_end(pidfd, signals);
    remove_cgroups();
    if (state_directory) remove_state();
    return code;
}
