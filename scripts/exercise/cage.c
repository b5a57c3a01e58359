/* cage SECONDS REPORT COMMAND...: run a stranger's program within bounds.
 *
 * It has SECONDS, may print 1 MiB on each of its outputs, and nothing of it
 * outlives the cage: whatever it has started becomes our child when its own
 * parent ends, and our children are killed. SIGTERM is handed on; who ignores
 * it is killed a second later. How it ended goes to the file REPORT: "exited
 * 0", "killed by signal 11", "late", "flood" or "deaf", and then "left 3" if
 * it left processes behind. After "late" it goes on until SIGTERM, for a
 * second at most: time to note what others have seen of it by then. */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FLOOD = 1 << 20 };

struct output {
    int from, to;
    size_t seen;
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What /proc says of a process: its parent, as /proc numbers processes, and
 * its own numbers. In a namespace it has several, outermost first. */
static int look(const char *name, long *parent, long numbers[8])
{
    char path[300], line[256], *at, *next;
    int n = 0;
    FILE *in;

    *parent = 0;
    snprintf(path, sizeof(path), "/proc/%s/status", name);
    if ((in = fopen(path, "r")) == NULL)
        return 0;
    while (fgets(line, sizeof(line), in) != NULL) {
        if (strncmp(line, "PPid:", 5) == 0)
            *parent = atol(line + 5);
        if (strncmp(line, "NSpid:", 6) == 0)
            for (at = line + 6; n < 8; at = next, n++)
                if ((numbers[n] = strtol(at, &next, 10)) == 0)
                    break;
    }
    fclose(in);
    return n;
}

/* Kill every child we have, and those that become ours by it. Returns how
 * many there were. */
static int sweep(void)
{
    char self[16] = "";
    long parent, pid[8];
    int gone = 0;

    if (readlink("/proc/self", self, sizeof(self) - 1) == -1)
        err(70, "/proc/self");
    int depth = look(self, &parent, pid); /* the last of ours is our view */
    if (depth == 0)
        errx(70, "/proc/self/status says nothing");
    for (double end = now() + 5; now() < end;) {
        DIR *proc = opendir("/proc");
        struct dirent *entry;
        while (proc != NULL && (entry = readdir(proc)) != NULL)
            if (atol(entry->d_name) > 0 &&
                look(entry->d_name, &parent, pid) >= depth &&
                parent == atol(self) && pid[depth - 1] > 1)
                kill((pid_t)pid[depth - 1], SIGKILL);
        if (proc != NULL)
            closedir(proc);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            gone++;
        if (errno == ECHILD)
            break;
    }
    return gone;
}

/* Pass on what has come; nothing more to come: 0. */
static int copy(struct output *o)
{
    char buf[65536];
    ssize_t n;

    errno = 0;
    n = read(o->from, buf, sizeof(buf));

    if (n == -1)
        return errno == EAGAIN;
    o->seen += (size_t)n;
    if (o->seen <= FLOOD && write(o->to, buf, (size_t)n) != n)
        err(70, "copy");
    return n > 0;
}

static pid_t start(char *command[], struct output o[2])
{
    struct rlimit file = { 64 << 20, 64 << 20 }, none = { 0, 0 };
    int out[2], error[2];

    if (pipe2(out, O_CLOEXEC) == -1 || pipe2(error, O_CLOEXEC) == -1)
        err(70, "pipe");
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_UNBLOCK, &all, NULL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setsid();
        setrlimit(RLIMIT_FSIZE, &file);
        setrlimit(RLIMIT_CORE, &none);
        dup2(out[1], STDOUT_FILENO);
        dup2(error[1], STDERR_FILENO);
        execvp(command[0], command);
        err(70, "%s", command[0]);
    }
    if (pid == -1)
        err(70, "fork");
    close(out[1]);
    close(error[1]);
    o[0] = (struct output){ out[0], STDOUT_FILENO, 0 };
    o[1] = (struct output){ error[0], STDERR_FILENO, 0 };
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    fcntl(error[0], F_SETFL, O_NONBLOCK);
    return pid;
}

static int sigfd(void)
{
    sigset_t ours;

    sigemptyset(&ours);
    sigaddset(&ours, SIGCHLD);
    sigaddset(&ours, SIGTERM);
    sigprocmask(SIG_BLOCK, &ours, NULL);
    return signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC);
}

static int terminated(int sig)
{
    struct signalfd_siginfo info;
    int yes = 0;

    while (read(sig, &info, sizeof(info)) == sizeof(info))
        yes |= info.ssi_signo == SIGTERM;
    return yes;
}

/* How long since *last. That the whole machine stood still is not its fault: a
 * step counts for a tenth of a second at most. */
static double step(double *last)
{
    double was = *last;

    *last = now();
    return *last - was < 0.1 ? *last - was : 0.1;
}

/* Until it ends, or has to. Returns its wait status, or -1; *why then. */
static int watch(pid_t pid, struct output o[2], int sig, double left,
                 const char **why)
{
    struct pollfd ready[] = { { sig, POLLIN, 0 },
                              { o[0].from, POLLIN, 0 },
                              { o[1].from, POLLIN, 0 } };
    double last = now();
    int status;

    for (*why = "late"; left > 0; left -= step(&last)) {
        if (poll(ready, 3, 50) == -1)
            err(70, "poll");
        for (int i = 0; i < 2; i++)
            if (ready[i + 1].revents != 0 && !copy(&o[i]))
                ready[i + 1].fd = -1;
        if (o[0].seen > FLOOD || o[1].seen > FLOOD) {
            *why = "flood";
            return -1;
        }
        if (terminated(sig) && strcmp(*why, "deaf") != 0) {
            *why = "deaf";
            left = 1;
            kill(pid, SIGTERM);
        }
        if (waitpid(pid, &status, WNOHANG) == pid)
            return status;
    }
    return -1;
}

static void tell(FILE *report, int status, const char *why)
{
    if (status == -1)
        fprintf(report, "%s\n", why);
    else if (WIFEXITED(status))
        fprintf(report, "exited %d\n", WEXITSTATUS(status));
    else
        fprintf(report, "killed by signal %d\n", WTERMSIG(status));
    fflush(report);
}

int main(int argc, char *argv[])
{
    struct output o[2];
    struct pollfd sig = { sigfd(), POLLIN, 0 };
    const char *why;
    FILE *report;

    if (argc < 4) {
        fprintf(stderr, "usage: cage SECONDS REPORT COMMAND...\n");
        return 2;
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    if ((report = fopen(argv[2], "we")) == NULL)
        err(70, "%s", argv[2]);

    pid_t pid = start(argv + 3, o);
    int status = watch(pid, o, sig.fd, atof(argv[1]), &why);
    tell(report, status, why);
    if (status == -1 && strcmp(why, "late") == 0)
        for (double end = now() + 1; !terminated(sig.fd) && now() < end;)
            poll(&sig, 1, 1000);
    kill(-pid, SIGKILL); /* all at once: nobody has time to start others */
    int left = sweep() - (status == -1);
    for (int i = 0; i < 2; i++)
        while (o[i].seen <= FLOOD && copy(&o[i]) && errno == 0)
            continue;
    if (left > 0)
        fprintf(report, "left %d\n", left);
    return fclose(report) == 0 ? 0 : 70;
}
