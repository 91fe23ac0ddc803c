/* main.c - pvramses: the commands and the first page of help. */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"bench", cmd_bench, "how many threads pay on your data and your storage"},
    {"convert", cmd_convert,
     "old Mera files or RAMSES outputs to Mera files of today, many at once"},
    {"export", cmd_export, "write VTK files that any ParaView opens, with all threads"},
    {"info", cmd_info, "what an output holds: time, box, levels, fields, bytes"},
    {"list", cmd_list, "the outputs of a run: times, gaps, unfinished ones"},
    {"load", cmd_load, "read an output with all threads; totals and thread report"},
    {"project", cmd_project, "make maps of an output: surface densities, means, along any line"},
    {"series", cmd_series, "quantities of many outputs, regions and levels in one table"},
    {"verify", cmd_verify, "look whether Mera files are whole, and say what is wrong where"},
};
enum { NCOMMANDS = sizeof commands / sizeof commands[0] };

static void print_usage(FILE *out) {
    fprintf(out, "usage: pvramses COMMAND PATH [OPTION...]\n"
                 "       pvramses COMMAND --help\n"
                 "       pvramses --help | --version\n");
}

static void print_commands(FILE *out) {
    for (int i = 0; i < NCOMMANDS; i++) {
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
    }
}

static void print_help(void) {
    printf("pvramses - read the adaptive meshes that RAMSES writes\n\n");
    print_usage(stdout);
    printf("\nCOMMANDS\n");
    print_commands(stdout);
    printf("\nPATH\n"
           "  An output of a run: its info file (output_00003/info_00003.txt) or its folder\n"
           "  (output_00003). For list: the folder of the run.\n"
           "\nEXIT STATUS\n"
           "  0  success\n"
           "  1  failure; one line on standard error says which file and why\n"
           "  2  wrong use; the usage is on standard error\n"
           "  130 (143)  stopped by an interrupt (by a request to end)\n"
           "\nENVIRONMENT\n"
           "  OMP_NUM_THREADS  caps the number of threads where --threads does not say it\n"
           "\nEXAMPLES\n"
           "  pvramses info output_00003\n"
           "  pvramses load output_00003 --threads 8\n"
           "  pvramses load output_00003 --json | python3 -m json.tool\n"
           "\nThe same reader works in ParaView: load the plugin RAMSES and open the output.\n");
}

int cli_complain(const char *message) {
    fputs("pvramses: ", stderr);
    for (const char *c = message; *c != '\0'; c++) {
        if (*c == '\n') {
            fputs("; ", stderr); /* several tasks failed: still one line */
        } else {
            fputc(*c, stderr);
        }
    }
    fputc('\n', stderr);
    return CLI_FAILED;
}

int cli_failed(const struct pvr_error *error) {
    return cli_complain(error->message[0] != '\0' ? error->message : "failed without a message");
}

int cli_finish_output(void) {
    if (fflush(stdout) != 0 || ferror(stdout)) {
        char message[256];
        snprintf(message, sizeof message, "standard output: %s", strerror(errno));
        return cli_complain(message);
    }
    return CLI_OK;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        cli_complain("no command");
        print_usage(stderr);
        print_commands(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help();
        return cli_finish_output();
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("pvramses %s\n", PVRAMSES_VERSION);
        return cli_finish_output();
    }
    for (int i = 0; i < NCOMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    char message[256];
    snprintf(message, sizeof message, "unknown %s '%.100s'",
             argv[1][0] == '-' ? "option" : "command", argv[1]);
    cli_complain(message);
    print_usage(stderr);
    print_commands(stderr);
    return CLI_USAGE;
}
