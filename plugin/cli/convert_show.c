/* convert_show.c - what `pvramses convert` shows: the plan, what goes on, the report. */
#include "convert.h"
#include "format.h"
#include "json.h"
#include "pvr_threads.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const double gib = 0x1p-30;

static double used_percent(uint64_t used, uint64_t total) {
    return total > 0 ? 100.0 * (double)used / (double)total : 0;
}

/* The first three names of those that `wanted` picks, and how many more there are. */
static void show_names(FILE *out, const struct pvr_convert_list *list, bool skipped) {
    enum { SHOWN = 3 };
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct pvr_convert_entry *entry = &list->entry[i];
        if (entry->exists == skipped && count++ < SHOWN) {
            fprintf(out, "    %s (output %d)\n", entry->name, entry->number);
        }
    }
    if (count > SHOWN) {
        fprintf(out, "    ... and %zu more file%s\n", count - SHOWN, count - SHOWN == 1 ? "" : "s");
    }
}

static void show_gaps(FILE *out, const struct pvr_convert_list *list) {
    enum { SHOWN = 10 };
    int gap[SHOWN];
    size_t gaps = pvr_convert_gaps(list, gap, SHOWN);
    if (gaps > 0) {
        fprintf(out, "  numbers without a file:");
        for (size_t i = 0; i < gaps && i < SHOWN; i++) {
            fprintf(out, " %d", gap[i]);
        }
        fprintf(out, gaps > SHOWN ? " ... and %zu more\n" : "\n", gaps - SHOWN);
    }
}

static void show_strangers(FILE *out, const struct pvr_convert_list *list) {
    enum { SHOWN = 3 };
    for (size_t i = 1; i < list->count; i++) {
        if (list->entry[i].duplicate) {
            fprintf(out, "  output %d is there twice: %s and %s\n", list->entry[i].number,
                    list->entry[i - 1].name, list->entry[i].name);
        }
    }
    if (list->nforeign > 0) {
        fprintf(out, "  %zu other file%s left alone:", list->nforeign,
                list->nforeign == 1 ? " is" : "s are");
        for (size_t i = 0; i < list->nforeign && i < SHOWN; i++) {
            fprintf(out, "%s %s", i > 0 ? "," : "", list->foreign[i]);
        }
        fprintf(out, list->nforeign > SHOWN ? ", and %zu more\n" : "\n", list->nforeign - SHOWN);
    }
}

/* Bytes that a file takes with the team that it had, or with one thread. */
static uint64_t need_of(const struct pvr_convert_entry *entry) {
    return entry->need + (uint64_t)(entry->threads > 1 ? entry->threads : 1) * entry->thread_need;
}

/* What the largest takes, and what can never be done. */
static void show_needs(FILE *out, const struct convert_options *options,
                       const struct pvr_convert_list *list, const struct pvr_batch_memory *memory) {
    const struct pvr_convert_entry *most = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const struct pvr_convert_entry *entry = &list->entry[i];
        most = need_of(entry) > (most != NULL ? need_of(most) : 0) ? entry : most;
    }
    if (most != NULL) {
        fprintf(out, "  memory for the largest, %s: %.2f GiB\n", most->name,
                (double)need_of(most) * gib);
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct pvr_convert_entry *entry = &list->entry[i];
        if (!pvr_batch_can_fit(memory, need_of(entry), options->margin)) {
            fprintf(out, "  %s can never fit: it needs %.2f GiB; it will not be tried\n",
                    entry->name, (double)need_of(entry) * gib);
        }
    }
}

void convert_show_plan(FILE *out, const struct convert_options *options,
                       const struct pvr_convert_list *list, const struct pvr_batch_memory *memory) {
    size_t there = 0;
    uint64_t bytes = 0;
    for (size_t i = 0; i < list->count; i++) {
        there += list->entry[i].exists;
        bytes += list->entry[i].source_bytes;
    }
    uint64_t used = memory->total - memory->available;
    double percent = used_percent(used, memory->total);
    char size[FORMAT_SIZE];
    fprintf(out, "from    %s\nto      %s\n", options->in, options->out);
    fprintf(out,
            "memory  %.1f GiB in all, %.1f GiB free, %.1f %% used; the margin is %.0f %%: %s\n",
            (double)memory->total * gib, (double)memory->available * gib, percent,
            100 * options->margin, percent <= 100 * options->margin ? "fine" : "used up already");
    int threads = convert_threads(options);
    int wise =
        pvr_batch_recommended(threads, options->min_threads, memory->total, used, options->margin);
    fprintf(out, "threads %d; with the memory that is free now %d %s wise%s\n", threads, wise,
            wise == 1 ? "is" : "are",
            wise < threads ? ": more are used once there is more of it" : "");
    fprintf(out, "files   %zu, outputs %d to %d, %s\n", list->count, list->entry[0].number,
            list->entry[list->count - 1].number, format_bytes(size, (double)bytes));
    show_needs(out, options, list, memory);
    size_t todo = options->force ? list->count : list->count - there;
    if (todo > 0 && !options->force) {
        fprintf(out, "  to be converted: %zu\n", todo);
        show_names(out, list, false);
    }
    if (there > 0) {
        fprintf(out, "  %s: %zu\n",
                options->force ? "to be converted again" : "there already, to be skipped", there);
        show_names(out, list, true);
    }
    show_gaps(out, list);
    show_strangers(out, list);
}

/* ---- while it runs ----------------------------------------------------------------------------
 */

void convert_display_begin(struct convert_display *display, const struct convert_options *options) {
    *display = (struct convert_display){
        .options = options, .terminal = isatty(STDERR_FILENO) != 0, .begin = pvr_seconds()};
}

/* The block is drawn over itself by one write, so that it stands still. */
static void begin_block(struct convert_display *display) {
    display->length = 0;
    if (display->lines > 0) {
        display->length =
            (size_t)snprintf(display->block, sizeof display->block, "\033[%dA", display->lines);
    }
    display->lines = 0;
}

/* One line, cut to the width of the terminal. */
static void put_line(struct convert_display *display, const char *text) {
    struct winsize size;
    int width = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
    const size_t room = sizeof display->block - display->length;
    int length = snprintf(display->block + display->length, room, "%.*s\033[K\n", width - 1, text);
    if (length > 0 && (size_t)length < room) {
        display->length += (size_t)length;
        display->lines++;
    }
}

/* Clears what is left of a longer block below. */
static void draw(struct convert_display *display) {
    fprintf(stderr, "%.*s\033[J", (int)display->length, display->block);
    fflush(stderr);
}

static void draw_block(struct convert_display *display, const struct pvr_convert_list *list,
                       const struct pvr_batch_news *news) {
    enum { NAMES = 8 };
    uint64_t done = 0, all = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->entry[i].state != PVR_CONVERT_SKIPPED) {
            all += list->entry[i].source_bytes;
            done += __atomic_load_n(&list->entry[i].bytes_done, __ATOMIC_RELAXED);
        }
    }
    double elapsed = pvr_seconds() - display->begin;
    char line[512], of[FORMAT_SIZE], bytes[FORMAT_SIZE], rate[FORMAT_SIZE], left[FORMAT_SIZE] = "?";
    if (done > 0) {
        format_seconds(left, elapsed * (double)(all - done) / (double)done);
    }
    begin_block(display);
    snprintf(line, sizeof line, "%zu of %zu files, %s of %s, %s/s, %s left", news->done,
             news->done + news->failed + news->running + news->pending,
             format_bytes(bytes, (double)done), format_bytes(of, (double)all),
             format_bytes(rate, elapsed > 0 ? (double)done / elapsed : 0), left);
    put_line(display, line);
    snprintf(line, sizeof line, "memory %.1f of %.1f GiB (%.0f %%), %d thread%s, %zu failed%s",
             (double)news->used * gib, (double)news->total * gib,
             used_percent(news->used, news->total), news->threads, news->threads == 1 ? "" : "s",
             news->failed, news->waiting ? "; waiting for memory that others use" : "");
    put_line(display, line);
    for (size_t i = 0; i < news->running && i < NAMES; i++) {
        const struct pvr_convert_entry *entry = &list->entry[news->items[i]];
        uint64_t part = __atomic_load_n(&entry->bytes_done, __ATOMIC_RELAXED);
        snprintf(line, sizeof line, "  %s %3.0f %%", entry->name,
                 used_percent(part, entry->source_bytes));
        put_line(display, line);
    }
    draw(display);
}

static void put_file(const struct pvr_convert_entry *entry, size_t number, size_t files) {
    char in[FORMAT_SIZE], out[FORMAT_SIZE];
    if (entry->state == PVR_CONVERT_FAILED) {
        fprintf(stderr, "[%zu/%zu] FAILED %s: %s\n", number, files, entry->name,
                entry->message != NULL ? entry->message : "no reason is known");
    } else if (entry->state == PVR_CONVERT_SKIPPED) {
        fprintf(stderr, "[%zu/%zu] %s: it came meanwhile: skipped\n", number, files, entry->name);
    } else if (entry->state == PVR_CONVERT_CONVERTED) {
        fprintf(stderr, "[%zu/%zu] %s: %s -> %s, %.1f s\n", number, files, entry->name,
                format_bytes(in, (double)entry->source_bytes),
                format_bytes(out, (double)entry->facts.target_bytes), entry->seconds);
    }
}

void convert_display_news(void *context, const struct pvr_convert_list *list,
                          const struct pvr_batch_news *news) {
    struct convert_display *display = context;
    if (display->options->quiet) {
        return;
    }
    if (display->terminal) {
        draw_block(display, list, news);
        return;
    }
    if (news->waiting && !display->waiting) {
        fprintf(stderr, "waiting: others use the memory that the next file needs (%.0f %% used)\n",
                used_percent(news->used, news->total));
    }
    display->waiting = news->waiting;
    if (news->changed != SIZE_MAX) {
        put_file(&list->entry[news->changed], news->done + news->failed,
                 news->done + news->failed + news->running + news->pending);
    }
}

void convert_display_end(struct convert_display *display) {
    if (display->terminal) {
        begin_block(display);
        draw(display);
    }
}

/* ---- the report -------------------------------------------------------------------------------
 */

/* What one who asks his way through may want to know for the next time. */
static void show_remarks(FILE *out, const struct convert_options *options,
                         const struct pvr_convert_report *report) {
    const struct pvr_batch_report *batch = &report->batch;
    if (batch->violations > 0 || report->converted == 0) {
        return;
    }
    if (used_percent(batch->used_at_end, batch->total) < 50) {
        fprintf(out, "                        try %d threads the next time\n",
                convert_threads(options) + 2);
    }
    if (batch->seconds < 2 * (double)report->files) {
        fprintf(out, "                        less than 2 s per file: excellent\n");
    }
}

void convert_show_report(FILE *out, const struct convert_options *options,
                         const struct pvr_convert_list *list,
                         const struct pvr_convert_report *report) {
    const struct pvr_batch_report *batch = &report->batch;
    char in[FORMAT_SIZE], written[FORMAT_SIZE], advice[256];
    fprintf(out, "files processed         %zu\n", report->files);
    fprintf(out, "successfully converted  %zu (%s -> %s)\n", report->converted,
            format_bytes(in, (double)report->bytes_in),
            format_bytes(written, (double)report->bytes_out));
    fprintf(out, "failed                  %zu\n", report->failed);
    fprintf(out, "skipped                 %zu\n", report->skipped);
    if (report->pending > 0) {
        fprintf(out, "not begun               %zu (the same command goes on with them)\n",
                report->pending);
    }
    fprintf(out, "margin violations       %llu of %llu checks, %llu by this converter\n",
            (unsigned long long)batch->violations, (unsigned long long)batch->checks,
            (unsigned long long)batch->own_violations);
    fprintf(out, "total time              %.1f s\n", batch->seconds);
    fprintf(out, "average per file        %.2f s\n",
            report->files > 0 ? batch->seconds / (double)report->files : 0);
    fprintf(out, "threads used            %d (%d to %d at once, %.1f on average)\n",
            batch->most_threads, batch->least_threads, batch->most_threads, batch->mean_threads);
    fprintf(out, "memory at the end       %.1f %% (at most %.1f %%; this process %.1f GiB)\n",
            used_percent(batch->used_at_end, batch->total),
            used_percent(batch->most_used, batch->total), (double)batch->most_own * gib);
    pvr_convert_advice(report, convert_threads(options), advice, sizeof advice);
    fprintf(out, "advice                  %s\n", advice);
    if (options->interactive) {
        show_remarks(out, options, report);
    }
    for (size_t i = 0; i < list->count; i++) {
        if (list->entry[i].state == PVR_CONVERT_FAILED) {
            fprintf(out, "FAILED %s: %s\n", list->entry[i].name,
                    list->entry[i].message != NULL ? list->entry[i].message : "?");
        }
    }
}

void convert_write_json(FILE *out, const struct convert_options *options,
                        const struct pvr_convert_list *list,
                        const struct pvr_convert_report *report) {
    static const char *const states[] = {"pending", "skipped", "converted", "failed"};
    const struct pvr_batch_report *batch = &report->batch;
    char advice[256];
    struct json json;
    json_begin(&json, out);
    json_begin_object(&json, NULL);
    json_uint(&json, "success", report->converted);
    json_uint(&json, "failed", report->failed);
    json_uint(&json, "skipped", report->skipped);
    json_uint(&json, "safety_violations", batch->violations);
    json_double(&json, "conversion_time", batch->seconds);
    json_int(&json, "threads_used", batch->most_threads);
    json_double(&json, "final_memory_usage_percent",
                used_percent(batch->used_at_end, batch->total));
    json_uint(&json, "processed", report->files);
    json_uint(&json, "pending", report->pending);
    json_bool(&json, "dry_run", options->dry_run);
    json_uint(&json, "own_violations", batch->own_violations);
    json_uint(&json, "checks", batch->checks);
    json_double(&json, "seconds_per_file",
                report->files > 0 ? batch->seconds / (double)report->files : 0);
    json_int(&json, "threads_asked", convert_threads(options));
    json_int(&json, "least_threads", batch->least_threads);
    json_double(&json, "mean_threads", batch->mean_threads);
    json_double(&json, "most_memory_usage_percent", used_percent(batch->most_used, batch->total));
    json_uint(&json, "most_own_bytes", batch->most_own);
    json_uint(&json, "memory_total_bytes", batch->total);
    json_double(&json, "safety_margin", options->margin);
    json_uint(&json, "bytes_in", report->bytes_in);
    json_uint(&json, "bytes_out", report->bytes_out);
    pvr_convert_advice(report, convert_threads(options), advice, sizeof advice);
    json_string(&json, "advice", advice);
    int first_gap;
    json_uint(&json, "gaps", pvr_convert_gaps(list, &first_gap, 1));
    json_begin_array(&json, "foreign");
    for (size_t i = 0; i < list->nforeign; i++) {
        json_string(&json, NULL, list->foreign[i]);
    }
    json_end_array(&json);
    json_begin_array(&json, "files");
    for (size_t i = 0; i < list->count; i++) {
        const struct pvr_convert_entry *entry = &list->entry[i];
        json_begin_object(&json, NULL);
        json_string(&json, "name", entry->name);
        json_int(&json, "output", entry->number);
        json_string(&json, "state", states[entry->state]);
        json_bool(&json, "duplicate", entry->duplicate);
        json_double(&json, "seconds", entry->seconds);
        json_uint(&json, "bytes_in", entry->source_bytes);
        json_uint(&json, "memory", need_of(entry));
        json_int(&json, "threads", entry->threads);
        if (entry->state == PVR_CONVERT_CONVERTED) {
            json_uint(&json, "bytes_out", entry->facts.target_bytes);
            json_uint(&json, "values_compared", entry->facts.values);
            json_double(&json, "verify_seconds", entry->facts.verify_seconds);
            json_double(&json, "sync_seconds", entry->facts.sync_seconds);
            json_string(&json, "source_version", entry->facts.source_version);
            json_string(&json, "target_version", entry->facts.target_version);
            json_string(&json, "source_xxh128", entry->facts.source_hash);
            json_string(&json, "target_xxh128", entry->facts.target_hash);
        }
        if (entry->state == PVR_CONVERT_FAILED) {
            json_string(&json, "reason", entry->message);
        }
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    json_end(&json);
}
