/* Lab 5, launcher: keep commands running, until SIGTERM or SIGINT.
 * What ends is started again; what ends at once, after a growing pause. */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that gets this signal when we are gone: even after kill -9. */
static pid_t fork_mortal(int sig)
{
    pid_t parent = getpid(), pid = fork();

    if (pid == -1)
        err(1, "fork");
    if (pid == 0 && (prctl(PR_SET_PDEATHSIG, sig) || getppid() != parent))
        _exit(1); /* too late: we were gone before it could ask */
    return pid;
}

/* Wait for some ms, or until a child ends: were we told to stop? */
static int told(const sigset_t *signals, long ms)
{
    struct timespec time = { ms / 1000, ms % 1000 * 1000000 };
    int sig = sigtimedwait(signals, NULL, &time);

    return sig > 0 && sig != SIGCHLD;
}

static _Noreturn void keep(char **command, const sigset_t *signals)
{
    for (long pause = 50;;) {
        int status;
        pid_t pid = fork_mortal(SIGKILL);
        if (pid == 0) {
            sigprocmask(SIG_UNBLOCK, signals, NULL);
            execvp(command[0], command);
            err(127, "%s", command[0]);
        }
        warnx("%s: process %d", command[0], pid);
        pause = pause < 3200 ? 2 * pause : pause;
        for (long ms = 1000; waitpid(pid, &status, WNOHANG) == 0; ms = 60000) {
            if (ms > 1000)
                pause = 100; /* what has lived for a second may soon be back */
            if (told(signals, ms)) {
                kill(pid, SIGTERM);
                alarm(5); /* it ends us, and our end ends the stubborn */
                waitpid(pid, NULL, 0);
                exit(0);
            }
        }
        warnx("%s: ended, %s %d; again in %ld ms", command[0],
              WIFSIGNALED(status) ? "signal" : "status",
              WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
              pause);
        /* The first forgets the SIGCHLD of this end: it would end the pause. */
        if (told(signals, 0) || told(signals, pause))
            exit(0);
    }
}

int main(int argc, char *argv[])
{
    pid_t *keepers = calloc((size_t)argc, sizeof(*keepers));
    int i, first = 1, n = 0, sig;
    sigset_t signals;

    setvbuf(stderr, NULL, _IOLBF, 0); /* whole lines: others write there, too */
    signal(SIGCHLD, SIG_DFL); /* whoever started us may have ignored it */
    sigemptyset(&signals);
    for (i = 0; i < 4; i++)
        sigaddset(&signals, (int[]){ SIGCHLD, SIGHUP, SIGINT, SIGTERM }[i]);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    /* A keeper for each command. Should we be killed, they are told to stop;
     * should one be killed, its command is: either way, nothing is left. */
    for (i = 1; i <= argc && keepers != NULL; i++)
        if (i == argc || strcmp(argv[i], "--") == 0) {
            argv[i] = NULL; /* here a command ends */
            if (i > first && (keepers[n++] = fork_mortal(SIGTERM)) == 0) {
                free(keepers);
                keep(&argv[first], &signals);
            }
            first = i + 1;
        }
    if (n == 0) {
        fprintf(stderr, "usage: launcher COMMAND... -- COMMAND...\n");
        return 2;
    }
    while ((sig = sigwaitinfo(&signals, NULL)) == -1)
        continue;
    while (n > 0)
        kill(keepers[--n], SIGTERM);
    while (wait(NULL) > 0)
        continue;
    free(keepers);
    return sig == SIGCHLD; /* no keeper ends by itself */
}
