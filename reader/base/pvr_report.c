/* pvr_report.c - the thread report as words. */
#include "pvr_threads.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *pvr_report_efficiency_verdict(const struct pvr_report *report) {
    if (report->efficiency >= 90) {
        return "great";
    }
    return report->efficiency >= 70 ? "reasonable" : "too many threads for this work";
}

const char *pvr_report_balance_verdict(const struct pvr_report *report) {
    if (report->balance >= 0.9) {
        return "excellent";
    }
    return report->balance >= 0.8 ? "good" : "poor";
}

struct text {
    char *at;
    size_t left;
    int length; /* that the whole text needs */
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->at, text->left, format, arguments);
    va_end(arguments);
    size_t used = (size_t)length < text->left ? (size_t)length : text->left;
    if (used > 0) { /* nothing to write to when only the length is asked for */
        text->at += used;
        text->left -= used;
    }
    text->length += length;
}

int pvr_report_text(const struct pvr_report *report, char *buffer, size_t size) {
    struct text text = {buffer, size, 0};
    if (report->tasks == 0) { /* no verdict on threads that had nothing to do */
        add(&text, "%d thread%s, %.3f s, nothing to read or to compute\n", report->threads,
            report->threads == 1 ? "" : "s", report->wall_seconds);
        return text.length;
    }
    add(&text, "%d thread%s, %.3f s, %llu tasks, %.1f MB read (%.0f MB/s)\n", report->threads,
        report->threads == 1 ? "" : "s", report->wall_seconds, (unsigned long long)report->tasks,
        (double)report->bytes_read / 1e6,
        report->wall_seconds > 0 ? (double)report->bytes_read / 1e6 / report->wall_seconds : 0.0);
    add(&text, "efficiency %.0f %% (%s), balance %.2f (%s)\n", report->efficiency,
        pvr_report_efficiency_verdict(report), report->balance, pvr_report_balance_verdict(report));
    add(&text, "busiest thread %.3f s, all threads together %.3f s\n", report->parallel_seconds,
        report->sequential_seconds);
    for (int i = 0; i < report->threads; i++) {
        const struct pvr_thread_report *thread = &report->thread[i];
        add(&text, "  thread %d: %.3f s busy, %llu tasks, %.1f MB read, %.1f MB allocated\n", i,
            thread->busy_seconds, (unsigned long long)thread->tasks,
            (double)thread->bytes_read / 1e6, (double)thread->bytes_allocated / 1e6);
    }
    return text.length;
}

void pvr_report_free(struct pvr_report *report) {
    free(report->thread);
    memset(report, 0, sizeof *report);
}
