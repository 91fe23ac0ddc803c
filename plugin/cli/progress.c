/* progress.c - the bar while something is read, and stopping it. */
#include "progress.h"

#include "format.h"
#include "pvr_threads.h"

#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const double bar_interval = 0.1;  /* seconds between two drawings on a terminal */
static const double line_interval = 2.0; /* seconds between two lines in a log */

static atomic_int caught; /* by any thread, while others look */

static void on_signal(int number) {
    caught = number;
}

void interrupt_catch(void) {
    static const int signals[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction old;
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN) {
            continue; /* in the background of a script */
        }
        struct sigaction action;
        memset(&action, 0, sizeof action);
        action.sa_handler = on_signal;
        action.sa_flags = (int)(SA_RESTART | SA_RESETHAND);
        sigemptyset(&action.sa_mask);
        sigaction(signals[i], &action, NULL);
    }
}

int interrupt_caught(void) {
    return caught;
}

static int terminal_columns(void) {
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    return 80;
}

static void draw_bar(const struct progress *progress, double fraction, const char *tail) {
    enum { MOST = 50, LEAST = 8 };
    /* the rest of the line: word, blanks, brackets, percent, tail, and a free last column */
    int width = terminal_columns() - (int)strlen(progress->what) - (int)strlen(tail) - 12;
    width = width > MOST ? MOST : width;
    if (width < LEAST) {
        fprintf(stderr, "\r%3.0f%%\033[K", floor(100 * fraction));
    } else {
        char bar[MOST + 1];
        int full = (int)(fraction * width);
        for (int i = 0; i < width; i++) {
            bar[i] = i < full ? '=' : i == full ? '>' : ' ';
        }
        bar[width] = '\0';
        fprintf(stderr, "\r%s [%s] %3.0f%%%s\033[K", progress->what, bar, floor(100 * fraction),
                tail);
    }
    fflush(stderr);
}

static void show(struct progress *progress, double now, double fraction, uint64_t bytes_done,
                 uint64_t bytes_expected) {
    double elapsed = now - progress->begin;
    char tail[256] = "";
    if (bytes_done > 0 && elapsed > 0) {
        char rate[FORMAT_SIZE], left[FORMAT_SIZE];
        double seconds = fraction > 0 ? elapsed * (1 - fraction) / fraction : 0;
        format_bytes(rate, (double)bytes_done / elapsed);
        if (seconds < 10) {
            snprintf(left, sizeof left, "%.0f s", ceil(seconds));
        } else {
            format_seconds(left, seconds);
        }
        snprintf(tail, sizeof tail, ", %s/s, %s left", rate, left);
    }
    if (progress->terminal) {
        draw_bar(progress, fraction, tail);
    } else {
        char done[FORMAT_SIZE], all[FORMAT_SIZE];
        fprintf(stderr, "%s: %.0f%%, %s of %s%s\n", progress->what, floor(100 * fraction),
                format_bytes(done, (double)bytes_done), format_bytes(all, (double)bytes_expected),
                tail);
    }
    progress->last_shown = now;
}

void progress_begin(struct progress *progress, const char *what, bool quiet) {
    const char *term = getenv("TERM");
    progress->what = what;
    progress->quiet = quiet;
    progress->terminal = isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
    progress->begin = pvr_seconds();
    progress->last_shown = progress->begin;
    if (!quiet && progress->terminal) {
        show(progress, progress->begin, 0, 0, 0);
    }
}

int progress_step(void *context, double fraction, uint64_t bytes_done, uint64_t bytes_expected) {
    struct progress *progress = context;
    if (!progress->quiet) {
        double now = pvr_seconds();
        double interval = progress->terminal ? bar_interval : line_interval;
        if (now - progress->last_shown >= interval) {
            fraction = fraction < 0 ? 0 : fraction > 1 ? 1 : fraction;
            show(progress, now, fraction, bytes_done, bytes_expected);
        }
    }
    return caught != 0;
}

void progress_end(struct progress *progress) {
    if (!progress->quiet && progress->terminal) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
}
