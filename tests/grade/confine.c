// SPDX-License-Identifier: MIT
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "confine.h"

#include "look.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_mount_setattr /* Linux 5.12; the same on all machines */
#define SYS_mount_setattr 442
#endif
#ifndef SYS_close_range /* Linux 5.9 */
#define SYS_close_range 436
#endif

enum {
    MOST_PROCESSES = 512,    /* and threads, of one program */
    MOST_DESCRIPTORS = 1024, /* the usual limit of a shell */
    HARD_DESCRIPTORS = 4096, /* for those that raise it themselves, as Go and Java do */
    MOST_FILE = 64 << 20,    /* bytes */
    MOST_CPU = 60,           /* seconds of one process */
    FIRST_UID = 61184,       /* to 65519: numbers that systemd keeps for passing users, too */
    N_UIDS = 4336,
};

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return done;
}

/* A user namespace in which we have all power, and still are who we are. */
static bool enter_user_namespace(void)
{
    char uids[64], gids[64];

    snprintf(uids, sizeof uids, "%u %u 1", (unsigned)getuid(), (unsigned)getuid());
    snprintf(gids, sizeof gids, "%u %u 1", (unsigned)getgid(), (unsigned)getgid());
    return unshare(CLONE_NEWUSER) == 0 && write_file("/proc/self/setgroups", "deny") &&
           write_file("/proc/self/uid_map", uids) && write_file("/proc/self/gid_map", gids);
}

/* A new network has only a loopback interface, which is down. */
static bool enter_network(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd;
    bool up;

    if (unshare(CLONE_NEWNET) < 0)
        return false;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    up = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    request.ifr_flags |= IFF_UP | IFF_RUNNING;
    up = up && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close(fd);
    return up;
}

/* ---- files: what the program writes is thrown away ------------------------------------------- */

/*
 * Lays what looks like a copy over a directory: what is written goes to memory. The sockets in it
 * lead nowhere, and nothing is to be seen of what is mounted below it.
 */
static bool throw_away(const char *directory, int n)
{
    char options[200], upper[64], work[64];

    snprintf(upper, sizeof upper, "/dev/shm/.grade/%d.upper", n);
    snprintf(work, sizeof work, "/dev/shm/.grade/%d.work", n);
    snprintf(options, sizeof options, "lowerdir=.,upperdir=%s,workdir=%s", upper, work);
    if (chdir(directory) < 0 || mkdir(upper, 0777) < 0 || mkdir(work, 0700) < 0 ||
        chmod(upper, 01777) < 0)
        return false;
    return mount("overlay", ".", "overlay", MS_NOSUID | MS_NODEV, options) == 0;
}

/* From here on nobody else sees what is mounted. */
static bool enter_mounts(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static bool enter_files(const char *here)
{
    struct { /* struct mount_attr of mount_setattr(2), which not every C library has */
        uint64_t set, clear, propagation, user_ns;
    } read_only = {.set = 1 /* MOUNT_ATTR_RDONLY */};

    if (unshare(CLONE_NEWIPC) < 0 || !enter_mounts())
        return false;
    (void)write_file("/proc/sys/kernel/shmall", "16384"); /* pages of the new IPC namespace */
    if (syscall(SYS_mount_setattr, AT_FDCWD, "/", 0x8000 /* AT_RECURSIVE */, &read_only,
                sizeof read_only) < 0)
        return false;
    if (mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV,
              "size=64m,nr_inodes=16k,mode=1777") < 0)
        return false;
    if (mkdir("/dev/shm/.grade", 0711) == 0) {
        (void)throw_away("/tmp", 1); /* or it is read-only */
        (void)throw_away("/var/tmp", 2);
        (void)throw_away(here, 3);
        /* There systemd, docker and others listen, who would start something for their user. */
        if (strncmp(here, "/run/", 5) != 0 && !throw_away("/run", 4))
            (void)mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "size=0");
    }
    return chdir(here) == 0;
}

/* ---- rights ---------------------------------------------------------------------------------- */

static bool set_capabilities(unsigned bits)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {.effective = bits, .permitted = bits, .inheritable = bits}};

    return syscall(SYS_capset, &head, data) == 0;
}

/* What is kept of root's power: nothing, or reading files. Ends up as another user if need be. */
static bool give_up_power(const struct confinement *c)
{
    unsigned kept = c->reads_all ? 1u << CAP_DAC_READ_SEARCH : 0;

    for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i) >= 0; i++)
        if (i >= 32 || !(kept >> i & 1))
            prctl(PR_CAPBSET_DROP, i); /* fails where we have none to drop */
    if (c->other_user) {
        if (prctl(PR_SET_KEEPCAPS, 1) < 0 || setgroups(0, NULL) < 0 ||
            setresgid(65534, 65534, 65534) < 0 || setresuid(c->uid, c->uid, c->uid) < 0)
            return false;
    }
    if (!set_capabilities(kept))
        return false;
    if (kept && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0) < 0)
        return false;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

/*
 * Refuses what would lead around a limit: a user namespace, in which it might mount a tmpfs of any
 * size; memory files, which nothing counts; and the calls of another machine (32 bits), whose
 * numbers mean something else here. seccomp(2); without it, or elsewhere, nothing is refused.
 */
static void refuse_calls(void)
{
#if defined(__x86_64__) || defined(__aarch64__)
#ifdef __x86_64__
    const unsigned machine = AUDIT_ARCH_X86_64, most = 0x3fffffff; /* above: the x32 way */
#else
    const unsigned machine = AUDIT_ARCH_AARCH64, most = 0xffffffff;
#endif
    enum { NR = offsetof(struct seccomp_data, nr), FLAGS = offsetof(struct seccomp_data, args) };
    const unsigned unknown = SECCOMP_RET_ERRNO | ENOSYS, forbidden = SECCOMP_RET_ERRNO | EPERM;
    struct sock_filter calls[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, machine, 0, 8),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, most, 6, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 5, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 435 /* clone3: C libraries then use clone */, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FLAGS),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWUSER, 1, 2),
        BPF_STMT(BPF_RET | BPF_K, unknown),
        BPF_STMT(BPF_RET | BPF_K, forbidden),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof calls / sizeof *calls, calls};

    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
#endif
}

#ifdef __GLIBC__
typedef __rlimit_resource_t resource;
#else
typedef int resource;
#endif

static void limit(resource what, rlim_t soft, rlim_t hard)
{
    struct rlimit now, wanted = {soft, hard};

    if (getrlimit((enum __rlimit_resource)what, &now) < 0)
        return;
    if (wanted.rlim_max > now.rlim_max)
        wanted.rlim_max = now.rlim_max;
    if (wanted.rlim_cur > wanted.rlim_max)
        wanted.rlim_cur = wanted.rlim_max;
    setrlimit((enum __rlimit_resource)what, &wanted);
}

static void set_limits(const struct confinement *c)
{
    limit(RLIMIT_NOFILE, MOST_DESCRIPTORS, HARD_DESCRIPTORS);
    limit(RLIMIT_FSIZE, MOST_FILE, MOST_FILE);
    limit(RLIMIT_CPU, MOST_CPU, MOST_CPU + 1);
    limit(RLIMIT_CORE, 0, 0);
    limit(RLIMIT_NPROC, c->others + MOST_PROCESSES, c->others + MOST_PROCESSES);
}

/* ---- the keeper and the program -------------------------------------------------------------- */

static _Noreturn void run(const struct confinement *c, char *const words[], int log, int errors)
{
    int null = open("/dev/null", O_RDONLY);
    sigset_t none;

    prctl(PR_SET_DUMPABLE, 1);
    sigemptyset(&none);
    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    prctl(PR_SET_PDEATHSIG, 0);
    unsetenv("PYTHONUNBUFFERED"); /* with it a print works without flush, and not elsewhere */
    write_file("/proc/self/oom_score_adj", "1000");
    if (c->pids && geteuid() == 0 && !c->other_user) /* who owns what is in /proc/sys */
        (void)mount(NULL, "/proc", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
    set_limits(c);
    if (null >= 0 && dup2(null, 0) == 0 && dup2(log, 1) == 1 && dup2(log, 2) == 2 &&
        fcntl(errors, F_SETFD, FD_CLOEXEC) == 0 && give_up_power(c)) {
        syscall(SYS_close_range, 3, ~0u, 4 /* CLOSE_RANGE_CLOEXEC */);
        refuse_calls();
        execvp(words[0], words);
    }
    (void)!write(errors, &errno, sizeof errno);
    _exit(127);
}

/* Reaps orphans, says how the program ends, and ends everything when it is told to. */
static _Noreturn void keep(const struct confinement *c, char *const words[], int log, int events,
                           int errors, const char *here)
{
    struct pollfd reader = {.fd = log};
    pid_t program, pid;
    int status, sig = 0;
    sigset_t awaited;

    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    if (!c->pids) /* process 1 is killed instead; its own children could send it this signal */
        sigaddset(&awaited, SIGTERM);
    sigprocmask(SIG_BLOCK, &awaited, NULL); /* they stay pending until sigwait takes them */
    prctl(PR_SET_PDEATHSIG, c->pids ? SIGKILL : SIGTERM);
    if (poll(&reader, 1, 0) > 0)
        _exit(127); /* whoever reads the log was gone before that */
    prctl(PR_SET_NAME, "grade-keeper");
    setsid();
    if (!c->pids)
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (c->mounts && !enter_files(here)) {
        (void)!write(errors, &errno, sizeof errno);
        _exit(127);
    }
    if (c->pids && (c->mounts || enter_mounts())) /* or it sees everybody's processes */
        (void)mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    program = fork();
    if (program == 0)
        run(c, words, log, errors);
    if (program < 0) {
        (void)!write(errors, &errno, sizeof errno);
        _exit(127);
    }
    close(log);
    close(errors);
    while (sig != SIGTERM) {
        sigwait(&awaited, &sig);
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
            if (pid == program)
                (void)!write(events, &status, sizeof status);
    }
    look_kill_below(getpid());
    _exit(0);
}

/* The program, once it is there; 0: it has ended already. */
static pid_t child_of(const struct confined *p)
{
    struct pollfd ended = {.fd = p->events, .events = POLLIN};
    pid_t children[4];

    for (int i = 0; i < 5000; i++) {
        if (look_children(p->keeper, children, 4) > 0)
            return children[0];
        if (poll(&ended, 1, 1) > 0)
            return 0;
    }
    return 0;
}

bool confined_start(const struct confinement *c, char *const words[], struct confined *p)
{
    int log[2], events[2], errors[2], flags = SIGCHLD | (c->pids ? CLONE_NEWPID : 0);
    char here[4096];

    memset(p, 0, sizeof *p);
    if (!getcwd(here, sizeof here) || pipe2(log, O_CLOEXEC) < 0 || pipe2(events, O_CLOEXEC) < 0 ||
        pipe2(errors, O_CLOEXEC) < 0)
        return false;
    fcntl(log[0], F_SETFL, O_NONBLOCK);
    fcntl(events[0], F_SETFL, O_NONBLOCK);
    p->keeper = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
    if (p->keeper == 0) {
        close(log[0]);
        keep(c, words, log[1], events[1], errors[1], here);
    }
    close(log[1]);
    close(events[1]);
    close(errors[1]);
    p->log = log[0];
    p->events = events[0];
    if (p->keeper < 0)
        return false;
    if (read(errors[0], &p->error, sizeof p->error) != sizeof p->error) /* until it is executed */
        p->error = 0;
    close(errors[0]);
    if (!p->error)
        p->program = child_of(p);
    return true;
}

void confined_end(const struct confinement *c, struct confined *p)
{
    if (p->keeper <= 0)
        return;
    kill(p->keeper, c->pids ? SIGKILL : SIGTERM);
    while (waitpid(p->keeper, NULL, 0) < 0 && errno == EINTR)
        ;
    close(p->log);
    close(p->events);
    p->keeper = 0;
}

static int set_soft(pid_t pid, resource what, unsigned long soft)
{
    struct rlimit limit;

    if (prlimit(pid, what, NULL, &limit) < 0)
        return errno;
    limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
    return prlimit(pid, what, &limit, NULL) < 0 ? errno : 0;
}

/* As that user, who may do it in any case; root may lack the power, in a container. */
int confined_limit(const struct confinement *c, pid_t pid, int what, unsigned long soft)
{
    int status;
    pid_t child;

    if (!c->other_user)
        return set_soft(pid, (resource)what, soft);
    child = fork();
    if (child == 0)
        _exit(give_up_power(c) ? set_soft(pid, (resource)what, soft) : EPERM);
    if (child < 0 || waitpid(child, &status, 0) != child)
        return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

void confine_choose_user(struct confinement *c)
{
    c->uid = FIRST_UID + (uid_t)getpid() % N_UIDS;
}

void confine_network(const struct confinement *c)
{
    if ((c->user_ns && !enter_user_namespace()) || (c->network && !enter_network())) {
        fprintf(stderr, "grade: a network of its own was possible a moment ago: %s\n",
                strerror(errno));
        _exit(2);
    }
    prctl(PR_SET_DUMPABLE, 0); /* nobody looks into us, or into the keeper, by /proc or ptrace(2) */
}

/* ---- what is possible here ------------------------------------------------------------------- */

/* Has the child that tries something succeeded? */
static bool succeeds(bool (*attempt)(const struct confinement *, char *const *),
                     const struct confinement *c, char *const words[])
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(attempt(c, words) ? 0 : 1);
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static bool in_user_namespace(const struct confinement *c)
{
    return !c->user_ns || enter_user_namespace();
}

static bool try_network(const struct confinement *c, char *const words[])
{
    (void)words;
    return in_user_namespace(c) && enter_network();
}

static bool try_pids(const struct confinement *c, char *const words[])
{
    pid_t pid;

    (void)words;
    if (!in_user_namespace(c) || unshare(CLONE_NEWPID) < 0)
        return false;
    pid = fork();
    if (pid == 0)
        _exit(0);
    return pid > 0 && waitpid(pid, NULL, 0) == pid;
}

static bool try_files(const struct confinement *c, char *const words[])
{
    char here[4096];

    (void)words;
    return in_user_namespace(c) && getcwd(here, sizeof here) && enter_files(here);
}

static bool try_user(const struct confinement *c, char *const words[])
{
    (void)words;
    return give_up_power(c);
}

static bool is_found(const char *program, int how)
{
    char path[4096], *rest, *copy, *directory;
    bool found = false;

    if (strchr(program, '/') || !getenv("PATH"))
        return faccessat(AT_FDCWD, program, how, AT_EACCESS) == 0;
    copy = rest = strdup(getenv("PATH"));
    while (!found && (directory = strsep(&rest, ":"))) {
        snprintf(path, sizeof path, "%s/%s", *directory ? directory : ".", program);
        found = faccessat(AT_FDCWD, path, how, AT_EACCESS) == 0;
    }
    free(copy);
    return found;
}

/*
 * May the ordinary user execute the program, read the other files that we can read, and reach this
 * directory by its full path, as Node wants to?
 */
static bool try_reading(const struct confinement *c, char *const words[])
{
    char *names[64], here[4096];
    bool wanted[64];
    int n = 0;

    for (; n < 64 && words[n]; n++) {
        names[n] = words[n];
        wanted[n] = n == 0 ? is_found(words[0], X_OK) : access(words[n], R_OK) == 0;
    }
    if (!getcwd(here, sizeof here) || !give_up_power(c) || access(here, X_OK) < 0)
        return false;
    for (int i = 0; i < n; i++)
        if (wanted[i] && !(i == 0 ? is_found(names[0], X_OK) : access(names[i], R_OK) == 0))
            return false;
    return true;
}

void confine_probe(struct confinement *c, char *const words[])
{
    memset(c, 0, sizeof *c);
    confine_choose_user(c);
    c->network = succeeds(try_network, c, words);
    if (!c->network) {
        c->user_ns = true;
        c->network = succeeds(try_network, c, words);
        c->user_ns = c->network;
    }
    c->pids = succeeds(try_pids, c, words);
    c->mounts = c->pids && succeeds(try_files, c, words);
    c->others = look_threads_of(getuid());
    if (geteuid() != 0 || c->user_ns)
        return;
    c->other_user = true;
    c->other_user = succeeds(try_user, c, words);
    if (c->other_user)
        c->others = 0;
    c->reads_all = c->other_user && !succeeds(try_reading, c, words);
    if (c->reads_all)
        c->reads_all = succeeds(try_user, c, words);
}

void confined_how(const struct confinement *c, char *text, size_t size)
{
    const char *apart =
        c->network && c->pids && c->mounts ? "in namespaces of its own (network, PIDs, files)"
        : c->network && c->pids
            ? "in namespaces of its own (network, PIDs), but with this machine's files"
        : c->network ? "in a network of its own, but among this machine's processes"
        : c->pids    ? "among PIDs of its own, but in this machine's network"
                     : "NOT apart from this machine: it allows no namespaces here";
    const char *who = c->other_user ? (c->reads_all ? ", as an ordinary user who may read all files"
                                                    : ", as an ordinary user")
                      : geteuid() == 0 ? ", as root: no other user is possible here"
                                       : "";
    const char *danger =
        c->pids || c->other_user ? "" : ". It could kill the grader, or go on after it";

    snprintf(text, size, "%s%s%s", apart, who, danger);
}
