/* join PID COMMAND...: run COMMAND in the network of process PID.
 * nsenter(1) can do this, but it loses the right to capture on the way. */
#include <err.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void enter(const char *pid, const char *namespace, int kind)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, namespace);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1 || setns(fd, kind) == -1)
        err(1, "%s", path);
    close(fd);
}

/* A program that is started keeps only what is ambient. */
static void keep(unsigned cap)
{
    struct __user_cap_header_struct who = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[2];

    if (syscall(SYS_capget, &who, data) == -1)
        err(1, "capget");
    data[cap / 32].inheritable |= 1u << cap % 32;
    if (syscall(SYS_capset, &who, data) == -1 ||
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) == -1)
        err(1, "capability %u", cap);
}

int main(int argc, char *argv[])
{
    if (argc < 3) {
        fprintf(stderr, "usage: join PID COMMAND...\n");
        return 2;
    }
    if (geteuid() != 0) /* root has all rights without it */
        enter(argv[1], "user", CLONE_NEWUSER);
    enter(argv[1], "net", CLONE_NEWNET);
    if (geteuid() != 0) {
        keep(CAP_NET_RAW);
        keep(CAP_NET_ADMIN);
    }
    execvp(argv[2], argv + 2);
    err(1, "%s", argv[2]);
}
