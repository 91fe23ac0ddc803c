/* cli.h - what the files of the command line share: commands, exit statuses, messages. */
#ifndef PVRAMSES_CLI_H
#define PVRAMSES_CLI_H

#include "pvr_error.h"

/* Exit statuses; a command that was stopped by a signal ends with 128 + its number. */
/* What is said to more threads than WORDS_MOST_THREADS. */
#define CLI_THREADS_LIMIT ": a whole number, at most 4096"

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_SIGNAL = 128 };

/* The commands. argv[0] is the name of the command; they return the exit status. */
int cmd_export(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_convert(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_load(int argc, char **argv);
int cmd_project(int argc, char **argv);
int cmd_series(int argc, char **argv);
int cmd_verify(int argc, char **argv);

/* Prints the message of `error` on standard error as one line that begins with `pvramses: `, and
 * returns CLI_FAILED. */
int cli_failed(const struct pvr_error *error);
/* The same for a text. */
int cli_complain(const char *message);
/* Ends the output on stdout: CLI_OK, or a message and CLI_FAILED when it could not be written. */
int cli_finish_output(void);

#endif
