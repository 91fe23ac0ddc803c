/* convert_ask.c - the questions of `pvramses convert --interactive`. */
#include "cli.h"
#include "convert.h"
#include "progress.h"
#include "pvr_threads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Reads a line without its end and the blanks around it; false at the end of the input. */
static bool read_line(FILE *page, char *line, size_t size) {
    fflush(page);
    if (interrupt_caught() != 0 || fgets(line, (int)size, stdin) == NULL) {
        fprintf(page, "\n");
        return false;
    }
    size_t length = strlen(line);
    if (length > 0 && line[length - 1] != '\n') { /* too long: the rest is dropped */
        int c;
        while ((c = getchar()) != EOF && c != '\n') {
        }
    }
    while (length > 0 && strchr(" \t\r\n", line[length - 1]) != NULL) {
        line[--length] = '\0';
    }
    size_t blanks = strspn(line, " \t");
    memmove(line, line + blanks, length - blanks + 1);
    return true;
}

/* Asks until the answer is a whole number from `least` to `most`; an empty one is `otherwise`. */
static bool ask_number(FILE *page, const char *question, int least, int most, int otherwise,
                       int *number) {
    char line[256];
    for (;;) {
        fprintf(page, "%s [%d]: ", question, otherwise);
        if (!read_line(page, line, sizeof line)) {
            return false;
        }
        char *end;
        errno = 0;
        long value = line[0] == '\0' ? otherwise : strtol(line, &end, 10);
        if (line[0] == '\0' ||
            (errno == 0 && end != line && *end == '\0' && value >= least && value <= most)) {
            *number = (int)value;
            return true;
        }
        fprintf(page, "  '%.40s' is no whole number from %d to %d; once more, please\n", line,
                least, most);
    }
}

static size_t count_between(const struct pvr_convert_list *list, int from, int to) {
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        count += list->entry[i].number >= from && list->entry[i].number <= to;
    }
    return count;
}

bool convert_ask_all(FILE *page, struct convert_options *options,
                     const struct pvr_convert_list *list, const struct pvr_batch_memory *memory) {
    int first = list->entry[0].number, last = list->entry[list->count - 1].number;
    size_t count = 0;
    while (count == 0) {
        if (!ask_number(page, "First output", first, last, first, &options->from) ||
            !ask_number(page, "Last output", options->from, last, last, &options->to)) {
            return false;
        }
        count = count_between(list, options->from, options->to);
        if (count == 0) {
            fprintf(page, "  there is none from %d to %d; once more, please\n", options->from,
                    options->to);
        }
    }
    if (count > 100) {
        fprintf(
            page,
            "  %zu outputs are many: smaller ranges are easier to look after. It can be stopped "
            "at\n  any time, and goes on where it stopped\n",
            count);
    }
    int available = pvr_threads_available();
    int most = available < options->max_threads ? available : options->max_threads;
    int wise = pvr_batch_recommended(most, options->min_threads, memory->total,
                                     memory->total - memory->available, options->margin);
    fprintf(page, "  %d thread%s may be used; with the memory that is free now, %d %s wise\n", most,
            most == 1 ? "" : "s", wise, wise == 1 ? "is" : "are");
    if (!ask_number(page, "Threads", options->min_threads < most ? options->min_threads : most,
                    most, wise, &options->threads)) {
        return false;
    }
    if (options->threads > wise) {
        fprintf(page,
                "  more than is wise: fewer files will run at once where memory gets short\n");
    } else if (2 * options->threads < wise) {
        fprintf(page, "  safe, and slower than need be\n");
    }
    return true;
}

bool convert_ask_go(FILE *page, const struct convert_options *options, int threads) {
    char line[256];
    for (;;) {
        fprintf(page, "Go on with %d thread%s and %.0f %% of the memory at most? (y/n): ", threads,
                threads == 1 ? "" : "s", 100 * options->margin);
        if (!read_line(page, line, sizeof line)) {
            return false;
        }
        if (strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0) {
            return true;
        }
        if (strcasecmp(line, "n") == 0 || strcasecmp(line, "no") == 0) {
            return false;
        }
        fprintf(page, "  please answer y or n\n");
    }
}
